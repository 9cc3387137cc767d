"""What FLAG's training draws, computes and validates: the conditional flow, then its latent region (two stages)."""

import argparse
from dataclasses import dataclass

import torch

from ...model_core.body import load_body
from ...model_core.body.proportions import body_size, proportions
from ...model_core.evaluation.metrics import UPPER
from ...model_core.flag.condition import below_head, joint_features, make_condition, split_condition
from ...model_core.flag.losses import (
    generated_loss,
    latent_region_loss,
    masked_joint_loss,
    nll_loss,
    reconstruction_loss,
    total_loss,
)
from ...model_core.flag.model import Flag
from ...model_core.flag.pose import POSE_COUNT, mean_rotation
from ...model_core.flag.region import MASKING_ORDER, gumbel_softmax, visible_joints
from ...model_core.geometry.kinematics import forward_kinematics
from ...model_core.geometry.skeleton import HEAD, LOWER_HALF, PELVIS, TRACKED_JOINTS, WRISTS
from ...model_core.mocap.augmentation import NO_AUGMENTATION, Augmentation
from ...model_core.mocap.clips import load_clips
from ...model_core.mocap.windows import Windows, WindowSampler, shape_basis
from ...model_core.observation import heading
from .loop import Run, Stage
from .options import batch_size

STEPS = {
    "small": {"flow": 8000, "region": 4000},
    "comparison": {"flow": 2000, "region": 600},
    "large": {"flow": 60000, "region": 30000},
    "smoke": {"flow": 8, "region": 8},
}
BATCH = {
    "small": {"flow": 1024, "region": 256},
    "comparison": {"flow": 256, "region": 128},
    "large": {"flow": 2048, "region": 512},
    "smoke": {"flow": 16, "region": 8},
}
BATCH_ON_GPU = {"flow": 4096, "region": 2048}
FRACTIONS = {"flow": 0.55, "region": 0.45}
"""Of the minutes, in a training by the clock."""
RATE = 5e-4

FRAME_VARIATION = Augmentation(retime=0.0, reverse=0.0, out_of_view=0.2, hand_lost=0.5, head_lost=0.0)
"""Single frames: a lost stretch covers the frame three times in eight, so that hands are hidden with p = 0.2."""
DEQUANTISATION = 0.015
"""Standard deviation in radians of noise on the pose: without it the likelihood of joints that never move diverges."""
SMALLEST_SIGMA = 0.05
"""Least standard deviation in radians that a pose number is divided by."""
POSITION_NOISE = 0.005
"""Standard deviation in metres of the tracked positions: calibrated trackers are no better."""

MEASURED_FRAMES = 16384
VALIDATION_FRAMES = 4096
MASKING_FRACTION = 0.2
"""Fraction of the region's steps after which all joints but head and hands are hidden."""
TEMPERATURE = (1.0, 0.5)
"""Of the Gumbel softmax, at the first and at the last step."""


@dataclass(frozen=True)
class Frames:
    """A batch of single frames as FLAG sees them; ``windows`` are the sampler's, of one frame each.

    ``x`` (B, 66), ``condition`` (B, C), ``joints`` (B, 22, 9) from ``joint_features``, ``heading`` (B,).
    """

    windows: Windows
    x: torch.Tensor
    condition: torch.Tensor
    joints: torch.Tensor
    heading: torch.Tensor


class FlagTraining:
    """The two stages of one training: what each draws, computes and validates."""

    def __init__(self, flag: Flag, options: argparse.Namespace, record: Run) -> None:
        self.flag, self.options, self.record = flag, options, record
        self.steps = {k: max(1, round(v * options.steps_scale)) for k, v in STEPS[options.config].items()}
        self.batch = {k: batch_size(options, v, BATCH_ON_GPU[k]) for k, v in BATCH[options.config].items()}
        basis = shape_basis(load_body())
        self.train = WindowSampler([load_clips(options.data / "train.npz")], 1, basis, options.device)
        self.val = WindowSampler([load_clips(options.data / "val.npz")], 1, basis, options.device)

    def stages(self) -> list[Stage]:
        rate = RATE * self.options.rate_scale
        parts = {"flow": (self.flag.flow, self.flow_loss), "region": (self.flag.region, self.region_loss)}
        return [
            Stage(name, [module], self.steps[name], rate, loss, self.validate, fraction=FRACTIONS[name])
            for name, (module, loss) in parts.items()
        ]

    def draw(
        self,
        count: int,
        generator: torch.Generator,
        sampler: WindowSampler | None = None,
        augmentation: Augmentation = FRAME_VARIATION,
        noise: bool = True,
    ) -> Frames:
        """Draw ``count`` frames (``Frames``); ``noise`` blurs pose and positions as training needs it."""
        windows = (sampler or self.train).sample(count, generator, augmentation)
        local, world, joints = windows.local[:, 0], windows.world[:, 0], windows.joints[:, 0]
        rotations, positions = windows.seen_rotations[:, 0], windows.seen_positions[:, 0]
        if noise:
            positions = positions + POSITION_NOISE * _normal(positions, generator)
        towards = heading(rotations[:, 0])
        head_mode = self.flag.config.mode == "head"
        origin = below_head(positions[:, 0]) if head_mode else joints[:, PELVIS]
        size = body_size(windows.rest_joints)
        seen = joint_features(rotations, positions, towards, size, origin)
        person = proportions(windows.rest_joints, size)
        condition = make_condition(seen, windows.seen_valid[:, 0].to(seen.dtype), person)
        everything = joint_features(world, joints, towards, size, origin)
        everything[:, list(TRACKED_JOINTS)] = seen
        x = self.flag.pose.encode(local, towards)
        if noise:
            x = x + DEQUANTISATION / self.flag.pose.scale * _normal(x, generator)
        return Frames(windows, x, condition, everything, towards)

    def measure(self) -> None:
        """Set the pose code's mean and standard deviation from the training data."""
        pose = self.flag.pose
        generator = torch.Generator(device=self.options.device).manual_seed(self.options.seed)
        frames = self.draw(min(MEASURED_FRAMES, 64 * self.batch["flow"]), generator, noise=False)
        canonical = pose.decode(frames.x, torch.zeros_like(frames.heading))
        pose.mean.copy_(mean_rotation(canonical))
        pose.scale.copy_(pose.encode(canonical, torch.zeros_like(frames.heading)).std(0).clamp_min(SMALLEST_SIGMA))

    def half_precision(self) -> torch.autocast:
        """bfloat16 doubles what a CPU or GPU trains in the same time; the couplings' own arithmetic stays float32.

        Small networks lose more by the conversions than they gain.
        """
        enabled = self.options.config in ("small", "large")
        return torch.autocast(torch.device(self.options.device).type, torch.bfloat16, enabled=enabled)

    def draw_for_flow(self, generator: torch.Generator) -> Frames:
        """A batch of the first stage."""
        return self.draw(self.batch["flow"], generator)

    def flow_loss(self, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """L_nll (eq 5)."""
        frames = self.draw_for_flow(generator)
        couplings = self.flag.config.couplings
        depths = len(range(2, couplings, 2))
        depth, weight = None, 0.0
        if not self.options.no_intermediate:
            count = len(frames.x)
            depth = 2 + 2 * torch.randint(depths, (count,), generator=generator, device=self.options.device)
            weight = depths * depth / couplings
        with self.half_precision():
            loss = nll_loss(self.flag.flow, frames.x, self.flag.flow.context(frames.condition), depth, weight)
        return loss, {}

    def region_loss(self, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """L_mjp, L_rec and L_lra (eq 6 to 8), and the positions of f(mu_H)'s joints, the flow being fixed."""
        flag = self.flag
        flag.flow.requires_grad_(False)
        frames = self.draw(self.batch["region"], generator)
        with torch.no_grad(), self.half_precision():
            context = flag.flow.context(frames.condition)
            oracle, _ = flag.flow.inverse(frames.x, context)
        done = self.record.done  # A tensor: nothing here waits for its number.
        stage = (done / MASKING_FRACTION * (len(MASKING_ORDER) + 1)).floor()
        visible = visible_joints(stage, frames.x.device).repeat(len(frames.x), 1)
        visible[:, list(TRACKED_JOINTS)] &= frames.windows.seen_valid[:, 0]
        tokens = flag.region.encode(frames.joints, visible, split_condition(frames.condition)[2])
        predicted = flag.region.masked_joint_predictor(tokens)
        logits = flag.region.logits(tokens)
        temperature = TEMPERATURE[0] + (TEMPERATURE[1] - TEMPERATURE[0]) * done
        pose = flag.region.to_pose_space(gumbel_softmax(logits, temperature, generator).flatten(1))
        mean, log_sigma = flag.region.approximate(logits)
        joint_loss = masked_joint_loss(predicted, frames.joints, ~visible)
        pose_loss = reconstruction_loss(pose, frames.x)
        latent_loss = latent_region_loss(oracle, mean, log_sigma)
        pose_error, position_loss = self.generated_loss(frames, mean, context)
        loss = total_loss(mjp=joint_loss, rec=pose_loss, lra=latent_loss) + pose_error
        parts = {"joints": joint_loss, "pose": pose_loss, "latent": latent_loss, "position": position_loss}
        return loss, parts

    def generated_loss(
        self, frames: Frames, z: torch.Tensor, context: list[torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What f(z) of codes (B, 66) costs beside the truth; and its joints' mean distance in metres."""
        with self.half_precision():
            x = self.flag.flow(z, context).float()
        distance = self.joint_error(frames, x)
        return generated_loss(distance, x, frames.x), distance.mean()

    def validate(self) -> dict[str, float]:
        """On fixed frames of the validation split: nats per dimension and head-aligned errors in centimetres."""
        generator = torch.Generator(device=self.options.device).manual_seed(1)
        count = min(VALIDATION_FRAMES, 8 * self.batch["flow"])
        frames = self.draw(count, generator, self.val, NO_AUGMENTATION, noise=False)
        blurred = frames.x + DEQUANTISATION / self.flag.pose.scale * _normal(frames.x, generator)
        context = self.flag.flow.context(frames.condition)
        nll = -self.flag.flow.log_prob(blurred, context).mean() / POSE_COUNT
        region = self.flag.latent_region(frames.condition)[0]
        errors = {}
        for name, z in (("zero", torch.zeros_like(region)), ("mu", region)):
            error = 100 * self.joint_error(frames, self.flag.flow(z, context))
            errors[name] = float(error.mean())
            errors[f"{name}_upper"] = float(error[:, list(UPPER)].mean())
            errors[f"{name}_lower"] = float(error[:, list(LOWER_HALF)].mean())
            errors[f"{name}_hands"] = float(error[:, list(WRISTS)].mean())
        return {"nll": float(nll)} | errors

    def joint_error(self, frames: Frames, x: torch.Tensor) -> torch.Tensor:
        """Distance in metres (B, 22) of the joints of poses x (B, 66) from the true ones, heads laid together."""
        local = self.flag.pose.decode(x, frames.heading)
        _, joints = forward_kinematics(local, frames.windows.joints[:, 0, PELVIS], frames.windows.rest_joints)
        true = frames.windows.joints[:, 0]
        return ((joints - joints[:, HEAD, None]) - (true - true[:, HEAD, None])).norm(dim=-1)


def _normal(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return torch.randn(like.shape, generator=generator, device=like.device, dtype=like.dtype)
