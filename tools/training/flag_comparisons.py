"""Train the networks that FLAG is compared with: same data, same batches, same number of steps."""

import copy
from argparse import Namespace
from collections.abc import Callable

import torch

from ...model_core.flag.losses import DISTANCE_WEIGHT, LAMBDA_LRA
from .comparison_networks import CODE_COUNT, DIVERGENCE_WEIGHT, FILE_NAME, Comparisons, save_comparisons
from .flag_stages import RATE, FlagTraining
from .loop import Run, Stage

Losses = tuple[torch.Tensor, dict[str, torch.Tensor]]
"""A loss, and its parts by name."""
LATENT_WEIGHT = 0.6 * LAMBDA_LRA
"""Of the squared distance between the MLP's code and the oracle's: what eq 8's first two terms come to at sigma 1."""


def train_comparisons(options: Namespace) -> None:
    """Train all of them into ``options.run``, one stage after the other; goes on where it stopped with ``resume``."""
    networks = Comparisons(options.config).to(options.device)
    record = Run(options.run, networks, options.seed, options.resume, options.device)
    training = ComparisonTraining(networks, options, record)
    if not record.finished and not record.pending:
        training.measure()
    for stage in training.stages():
        if not record.fit(stage, progress=options.progress, stop_after=options.stop_after):
            return
    save_comparisons(options.run / FILE_NAME, networks)


class ComparisonTraining:
    """The stages: FLAG's two as they are, its flow without intermediate supervision, the autoencoder and the MLP."""

    def __init__(self, networks: Comparisons, options: Namespace, record: Run) -> None:
        self.networks = networks
        self.flag = FlagTraining(networks.supervised, options, record)
        self.plain = copy.copy(self.flag)
        self.plain.flag = networks.plain
        self.plain.options = Namespace(**vars(options) | {"no_intermediate": True})

    def measure(self) -> None:
        """Set the pose code of both flows from the training data."""
        self.flag.measure()
        self.networks.plain.pose.load_state_dict(self.networks.supervised.pose.state_dict())

    def stages(self) -> list[Stage]:
        """In the order in which they are trained: the MLP and the region want the finished flow."""
        networks = self.networks
        steps, late = self.flag.steps["flow"], self.flag.steps["region"]
        rate = RATE * self.flag.options.rate_scale

        def stage(
            name: str,
            network: torch.nn.Module,
            steps: int,
            loss: Callable[[torch.Generator], Losses],
            validate: Callable[[], dict[str, float]] | None = None,
        ) -> Stage:
            return Stage(name, [network], steps, rate, loss, validate)

        return [
            stage("flow", networks.supervised.flow, steps, self.flag.flow_loss, self.flag.validate),
            stage("region", networks.supervised.region, late, self.flag.region_loss, self.flag.validate),
            stage("mlp", networks.mlp, late, self.mlp_loss),
            stage("plain", networks.plain.flow, steps, self.plain.flow_loss, self.plain.validate),
            stage("vae", networks.vae, steps, self.vae_loss),
        ]

    def mlp_loss(self, generator: torch.Generator) -> Losses:
        """What the latent region is taught of mu_H, for a code without a standard deviation."""
        flow = self.networks.supervised.flow.requires_grad_(False)
        frames = self.flag.draw(self.flag.batch["region"], generator)
        with torch.no_grad():
            context = flow.context(frames.condition)
            oracle, _ = flow.inverse(frames.x, context)
        z = self.networks.mlp(frames.condition)
        generated_loss, position_loss = self.flag.generated_loss(frames, z, context)
        return LATENT_WEIGHT * ((z - oracle) ** 2).mean() + generated_loss, {"position": position_loss}

    def vae_loss(self, generator: torch.Generator) -> Losses:
        """A bound that hardly minds the prior, and the joints' places, as VPoser's loss minds the body's surface."""
        frames = self.flag.draw_for_flow(generator)
        noise = torch.randn(len(frames.x), CODE_COUNT, generator=generator, device=frames.x.device)
        bound, decoded = self.networks.vae.bound(frames.x, frames.condition, noise, DIVERGENCE_WEIGHT)
        position_loss = self.flag.joint_error(frames, decoded).mean()
        return DISTANCE_WEIGHT * position_loss - bound.mean() / frames.x.shape[-1], {"position": position_loss}
