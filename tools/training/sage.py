"""Train SAGE: VQ-VAEs, diffusion, full-body decoder, refiner; resumes where it stopped."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F

from ...model_core.body import load_body
from ...model_core.body.proportions import body_size
from ...model_core.geometry.rotations import matrix_to_sixd
from ...model_core.geometry.skeleton import FEET, HEAD, LOWER_HALF, UPPER_HALF
from ...model_core.mocap.augmentation import NO_AUGMENTATION, Augmentation
from ...model_core.mocap.clip_weights import clip_weights
from ...model_core.mocap.clips import load_clips
from ...model_core.mocap.windows import Windows, WindowSampler, shape_basis
from ...model_core.sage import losses
from ...model_core.sage.model import CONFIGS, Sage, load_sage, save_sage, to_world
from ...model_core.sage.vqvae import HalfBodyVQVAE, perplexity
from ..support.checkout import ROOT
from .loop import Loss, Run, Stage, Validation
from .options import batch_size, resolve_options, train_stages, training_parser
from .picture import draw_log

STEPS = {
    **dict.fromkeys(("fast", "small", "medium"), {"vqvae": 1400, "diffusion": 600, "body": 4200, "refiner": 2000}),
    "large": {"vqvae": 20000, "diffusion": 20000, "body": 60000, "refiner": 10000},
    "smoke": {"vqvae": 8, "diffusion": 8, "body": 8, "refiner": 4},
}
FRACTIONS = {"vqvae": 0.16, "diffusion": 0.06, "body": 0.60, "refiner": 0.18}
"""Of the minutes, in a training by the clock."""
BATCH = {"fast": 64, "small": 64, "medium": 64, "large": 512, "smoke": 4}
BATCH_ON_GPU = 512
RATE = {"vqvae": 1e-3, "diffusion": 7e-4, "body": 7e-4, "refiner": 1e-3}
MEASURED_WINDOWS = 1024
VALIDATION_WINDOWS = 256
TRUE_LATENT_FRACTION = 0.2
"""Fraction of windows whose decoder sees the true latents, so that it also serves samples that are not the mean."""
DENOISING_EVERY = 4
"""One in so many windows of the body stage also trains the diffusion at random steps."""


def run(arguments: list[str]) -> int:
    options = _parse(arguments)
    if options.plot:
        draw_log((options.run or ROOT / "runs" / "sage") / "log.jsonl", options.plot)
        return 0
    resolve_options(options, "sage")
    sage = Sage(CONFIGS[options.config]).to(options.device)
    if options.start_from:
        sage.load_state_dict(load_sage(options.start_from).state_dict())
    training = SageTraining(sage, options)
    record = Run(
        options.run, sage, options.seed, options.resume, options.device, options.minutes, recorded=not options.eager
    )
    stages = record.choose(training.stages(), options.stage, given_weights=bool(options.start_from))
    if not train_stages(record, stages, options):
        return 0
    if options.output:
        save_sage(sage, options.output)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = training_parser("train sage", __doc__, CONFIGS, RATE)
    parser.add_argument("--plot", type=Path, help="draw the run's log to this picture instead of training")
    parser.add_argument("--start-from", type=Path, metavar="FOLDER", help="begin with these weights, such as weights/")
    return parser.parse_args(arguments)


class SageTraining:
    """The stages of one training: what each draws, computes and validates."""

    def __init__(self, sage: Sage, options: argparse.Namespace) -> None:
        self.sage, self.options = sage, options
        self.steps = {k: max(1, round(v * options.steps_scale)) for k, v in STEPS[options.config].items()}
        self.batch = batch_size(options, BATCH[options.config], BATCH_ON_GPU)
        window = sage.config.window
        basis = shape_basis(load_body())
        clips = load_clips(options.data / "train.npz")
        self.train = WindowSampler([clips], window, basis, options.device, clip_weights(clips))
        judges = {"val": "", "val_gestures": "gestures_"}
        self.validation = {
            prefix: WindowSampler([load_clips(options.data / f"{name}.npz")], window, basis, options.device)
            for name, prefix in judges.items()
            if name == "val" or (options.data / f"{name}.npz").is_file()
        }
        self.augmentation = Augmentation()

    def stages(self) -> list[Stage]:
        sage = self.sage
        halves = [sage.upper_vqvae, sage.lower_vqvae]
        diffusions = [sage.upper_diffusion, sage.lower_diffusion]
        body = [*diffusions, sage.decoder]

        def stage(
            name: str, modules: Sequence[torch.nn.Module], loss: Loss, validate: Validation | None = None, **more: Any
        ) -> Stage:
            rate = RATE[name] * self.options.rate_scale
            return Stage(name, modules, self.steps[name], rate, loss, validate, fraction=FRACTIONS[name], **more)

        return [
            stage("vqvae", halves, self.vqvae_loss, self.reconstruction, finish=self.measure, averaged=False),
            stage("diffusion", diffusions, self.diffusion_loss),
            stage("body", body, self.body_loss, lambda: self.validate(refine=False)),
            stage("refiner", [sage.refiner], self.refiner_loss, self.validate),
        ]

    def draw(
        self,
        generator: torch.Generator,
        count: int | None = None,
        sampler: WindowSampler | None = None,
        augmentation: Augmentation | None = None,
    ) -> tuple[Windows, torch.Tensor, torch.Tensor]:
        """Windows, their features and their 6D poses (B, T, 22, 6) with the root turned by the heading."""
        windows = (sampler or self.train).sample(count or self.batch, generator, augmentation or self.augmentation)
        root = windows.canonical_root[:, :, None]
        return windows, windows.features, matrix_to_sixd(torch.cat([root, windows.local[:, :, 1:]], 2))

    def half_precision(self) -> torch.autocast:
        """bfloat16 doubles what a CPU or GPU trains in the same time."""
        return torch.autocast(torch.device(self.options.device).type, torch.bfloat16)

    def halves(self) -> tuple[tuple[str, HalfBodyVQVAE, tuple[int, ...]], ...]:
        """Name, VQ-VAE and joints of each half."""
        sage = self.sage
        return ("upper", sage.upper_vqvae, UPPER_HALF), ("lower", sage.lower_vqvae, LOWER_HALF)

    def vqvae_loss(self, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        windows, _, sixd = self.draw(generator)
        total, numbers = torch.zeros((), device=sixd.device), {}
        for name, vqvae, half in self.halves():
            loss, codes, distance = losses.vqvae_loss(vqvae, sixd, half, unit_rest_joints(windows), generator)
            total = total + loss
            numbers |= {name: loss, f"{name}_perplexity": perplexity(codes, self.sage.config.codes)}
            numbers[f"{name}_position"] = distance
        return total, numbers

    def reconstruction(self) -> dict[str, float]:
        """Mean distance in centimetres of joints as the half decoders rebuild them from true latents, on val."""
        windows, _, sixd = self._validation_windows("")
        found = {}
        for name, vqvae, half in self.halves():
            pose = losses.half_pose(sixd, half)
            ours, true = (
                losses.half_joints(values, half, sixd, unit_rest_joints(windows)) for values in (vqvae(pose)[0], pose)
            )
            found[f"{name}_position"] = float((ours - true).norm(dim=-1).mean() * 100)
        return found

    def measure(self) -> None:
        """Set what later stages normalise by: the latents' mean and standard deviation, and the mean pose."""
        generator = torch.Generator(device=self.options.device).manual_seed(self.options.seed)
        _, _, sixd = self.draw(generator, MEASURED_WINDOWS)
        self.sage.upper_vqvae.measure_latents(losses.half_pose(sixd, UPPER_HALF))
        self.sage.lower_vqvae.measure_latents(losses.half_pose(sixd, LOWER_HALF))
        self.sage.decoder.mean_pose.copy_(sixd.flatten(2).mean((0, 1)))

    def diffusion_loss(self, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        _, observation, sixd = self.draw(generator)
        sage = self.sage
        with torch.no_grad():
            upper, lower = losses.true_latents(sage, sixd)
        with self.half_precision():
            upper_loss = losses.denoising_loss(sage.upper_diffusion, upper, observation, generator)
            with torch.no_grad():
                sampled = sage.sample_upper(observation)
            lower_loss = losses.denoising_loss(sage.lower_diffusion, lower, observation, generator, sampled)
        return upper_loss + lower_loss, {"upper": upper_loss, "lower": lower_loss}

    def body_loss(self, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        windows, observation, sixd = self.draw(generator)
        sage = self.sage
        with torch.no_grad():
            true = losses.true_latents(sage, sixd)
        with self.half_precision():
            latents = sage.latents(observation)
            latent_loss = torch.stack([F.smooth_l1_loss(a, b) for a, b in zip(latents, true, strict=True)]).sum()
            few = slice(0, max(1, self.batch // DENOISING_EVERY))
            denoising = losses.denoising_loss(sage.upper_diffusion, true[0][few], observation[few], generator)
            denoising = denoising + losses.denoising_loss(
                sage.lower_diffusion, true[1][few], observation[few], generator, latents[0][few].detach()
            )
            shown = torch.rand(self.batch, 1, 1, generator=generator, device=observation.device) < TRUE_LATENT_FRACTION
            mixed = [torch.where(shown, b, a) for a, b in zip(latents, true, strict=True)]
            pose, contacts = sage.decoder(*mixed, observation)
        loss, parts = self._pose_loss(pose, sixd, windows, losses.BODY_WEIGHTS)
        standing = F.binary_cross_entropy_with_logits(contacts, windows.standing.float())
        loss = loss + losses.LATENT * (latent_loss + denoising) + losses.CONTACT * standing
        return loss, parts | {"latent": latent_loss, "denoising": denoising, "contact": standing}

    def refiner_loss(self, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        windows, observation, sixd = self.draw(generator)
        sage = self.sage
        streamed, seen_whole = observation.split([self.batch // 2, self.batch - self.batch // 2])
        with torch.no_grad(), self.half_precision():
            pose, _ = sage.decoder(*sage.latents(seen_whole), seen_whole)
            pose = torch.cat([sage.streamed(streamed)[0], pose])
        refined = sage.refiner(pose, observation, unit_rest_joints(windows))
        return self._pose_loss(refined, sixd, windows, losses.REFINER_WEIGHTS)

    def _pose_loss(
        self, pose: torch.Tensor, sixd: torch.Tensor, windows: Windows, weights: dict[str, float]
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        _, _, _, joints = to_world(
            pose, windows.seen_rotations[:, :, 0], windows.joints[:, :, HEAD], windows.rest_joints[:, None]
        )
        return losses.pose_loss(pose, sixd.flatten(2), joints, windows, weights)

    def _validation_windows(self, split: str) -> tuple[Windows, torch.Tensor, torch.Tensor]:
        """What ``draw`` gives, of fixed windows of a validation split as it is."""
        generator = torch.Generator(device=self.options.device).manual_seed(1)
        return self.draw(generator, min(VALIDATION_WINDOWS, 8 * self.batch), self.validation[split], NO_AUGMENTATION)

    def validate(self, refine: bool = True) -> dict[str, float]:
        """Head-aligned errors in centimetres on fixed windows of the validation splits."""
        found = {}
        for judge in self.validation:
            found |= {judge + name: value for name, value in self._errors(judge, refine).items()}
        return found

    def _errors(self, split: str, refine: bool) -> dict[str, float]:
        windows, observation, _ = self._validation_windows(split)
        pose, _ = self.sage(observation)
        if refine:
            pose = self.sage.refiner(pose, observation, unit_rest_joints(windows))
        _, _, _, joints = to_world(
            pose, windows.seen_rotations[:, :, 0], windows.joints[:, :, HEAD], windows.rest_joints[:, None]
        )
        error = (joints - windows.joints).norm(dim=-1) * 100
        jerk = joints.diff(dim=1, n=3).norm(dim=-1).mean() * 60**3 / 100
        sliding = joints[:, :, list(FEET)].diff(dim=1)[..., ::2].norm(dim=-1) * 6000
        standing = windows.standing[:, 1:].float()
        return {
            "mpjpe": float(error.mean()),
            "lower": float(error[..., list(LOWER_HALF)].mean()),
            "hands": float(error[..., 20:22].mean()),
            "last_frame": float(error[:, -1].mean()),
            "jitter": float(jerk),
            "skate": float((sliding * standing).sum() / standing.sum().clamp_min(1)),
        }


def unit_rest_joints(windows: Windows) -> torch.Tensor:
    """Rest joints (B, 22, 3) of the windows' bodies, brought to size 1."""
    return windows.rest_joints / body_size(windows.rest_joints)[:, None, None]
