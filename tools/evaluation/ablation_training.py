"""Trains one variant of SAGE's latent diffusion and decoder on a small budget, and scores it like all others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from ...model_core.body import load_body
from ...model_core.evaluation.methods import HANDS_SEEN, observe_truth
from ...model_core.evaluation.scores import aggregate, score_clip
from ...model_core.geometry.rotations import matrix_to_sixd
from ...model_core.geometry.skeleton import HEAD
from ...model_core.mocap.augmentation import Augmentation
from ...model_core.mocap.clips import Clip, load_clips
from ...model_core.mocap.windows import Windows, WindowSampler, shape_basis
from ...model_core.progress import Progress
from ...model_core.sage import losses
from ...model_core.sage.inference import predict
from ...model_core.sage.model import SageConfig, load_sage, to_world
from ..training.loop import Run, Stage
from .ablation_variants import Variant

SIZES = dict(width=128, heads=4, diffusion_layers=3, decoder_layers=2)
"""Of the trained networks: smaller than the shipped ones, for they see a hundredth of the steps."""
FRAMES_PER_STEP = 32 * 40
RATE = 1e-3
TRUE_LATENT_FRACTION = 0.2
DENOISING_DIVISOR = 4
"""As in SAGE's training: windows whose decoder sees true latents; one window in so many trains at random steps."""
VARIED_WINDOWS = 512
VARIED_SEED = 1
SHOWN = {"": "both", "one hand: ": "left"}


class AblationTraining:
    """One ``ablation_variants.Variant``; the VQ-VAEs are the shipped ones and stay as they are."""

    def __init__(self, variant: Variant, data: Path, device: str) -> None:
        self.variant, self.device = variant, device
        self.teacher = load_sage(device=device)
        latents = {name: getattr(self.teacher.config, name) for name in ("codebooks", "codes", "code_channels")}
        torch.manual_seed(variant.seed)
        config = SageConfig(window=variant.window, **SIZES, **latents)
        self.sage = variant.network(config).to(device)
        self.sage.decoder.mean_pose.copy_(self.teacher.decoder.mean_pose)
        clips = load_clips(data / "train.npz")
        if variant.fraction < 1:
            clips = clips.every(round(1 / variant.fraction))
        self.minutes = clips.minutes
        self.train = variant.sampler([clips], variant.window, shape_basis(load_body()), device)
        self.val = WindowSampler([load_clips(data / "val.npz")], variant.window, shape_basis(load_body()), device)
        self.batch = FRAMES_PER_STEP // variant.window

    def fit(self, folder: Path, steps: int, progress: Progress) -> None:
        """Train in ``folder``, going on from what lies there."""
        parts = [getattr(self.sage, name, None) for name in ("upper_diffusion", "lower_diffusion", "decoder")]
        modules = [part for part in parts if part is not None]
        run = Run(folder, self.sage, self.variant.seed, resume=True, device=self.device)
        run.fit(Stage("body", modules, steps, RATE, self.loss), progress)
        self.sage.eval()

    def loss(self, generator: torch.Generator) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The body stage's loss on a batch of windows, and its parts."""
        windows, observation, sixd = self._draw(self.train, self.batch, generator, self.variant.augmentation)
        with torch.no_grad():
            true = losses.true_latents(self.teacher, sixd)
        with torch.autocast(torch.device(self.device).type, torch.bfloat16):
            latents = self.sage.latents(observation)
            latent = torch.stack([F.smooth_l1_loss(a, b) for a, b in zip(latents, true, strict=True)]).sum()
            few = slice(0, max(1, self.batch // DENOISING_DIVISOR))
            denoising = self.sage.denoising(
                [half[few] for half in true], [half[few] for half in latents], observation[few], generator
            )
            given = torch.rand(self.batch, 1, 1, generator=generator, device=self.device) < TRUE_LATENT_FRACTION
            mixed = [torch.where(given, b, a) for a, b in zip(latents, true, strict=True)]
            pose, contacts = self.sage.decoder(*mixed, observation)
        joints = self._joints(pose, windows)
        loss, parts = losses.pose_loss(pose, sixd.flatten(2), joints, windows, losses.BODY_WEIGHTS)
        contact = F.binary_cross_entropy_with_logits(contacts, windows.standing.float())
        return loss + losses.LATENT * (latent + denoising) + losses.CONTACT * contact, parts

    @torch.no_grad()
    def varied_error(self) -> float:
        """Mean distance in cm on val's windows under all of the augmentation: other bodies, bent wrists, lost hands."""
        generator = torch.Generator(device=self.device).manual_seed(VARIED_SEED)
        windows, observation, _ = self._draw(self.val, VARIED_WINDOWS, generator, Augmentation())
        pose, _ = self.sage.decoder(*self.sage.latents(observation), observation)
        return float((self._joints(pose, windows) - windows.joints).norm(dim=-1).mean() * 100)

    def score(self, files: Sequence[Path]) -> dict[str, dict[str, float]]:
        """Rows as ``evaluate`` prints them, without the refiner, by file and by the hands seen."""
        rows = {}
        for path in files:
            for label, hands in SHOWN.items():
                rows[label + path.stem] = aggregate([self._score_clip(clip, hands) for clip in load_clips(path)])
        return rows

    def _score_clip(self, clip: Clip, hands: str) -> dict[str, Any]:
        seen = np.tile([True, *HANDS_SEEN[hands]], (len(clip), 1))
        found = predict(self.sage, observe_truth(clip, seen), clip.rest_joints, refine=False)
        return score_clip(found.rotations.cpu().numpy(), clip)

    @staticmethod
    def _draw(
        sampler: WindowSampler, count: int, generator: torch.Generator, augmentation: Augmentation
    ) -> tuple[Windows, torch.Tensor, torch.Tensor]:
        windows = sampler.sample(count, generator, augmentation)
        root = windows.canonical_root[:, :, None]
        return windows, windows.features, matrix_to_sixd(torch.cat([root, windows.local[:, :, 1:]], 2))

    @staticmethod
    def _joints(pose: torch.Tensor, windows: Windows) -> torch.Tensor:
        head = windows.seen_rotations[:, :, 0], windows.joints[:, :, HEAD]
        return to_world(pose, *head, windows.rest_joints[:, None])[3]
