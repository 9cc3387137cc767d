"""Tables 1 to 5 of the FLAG paper, with what the paper reports beside what is measured here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ....model_core.flag.evidence import Evidence
from ....model_core.flag.model import Flag
from ....model_core.flag.pose import POSE_COUNT
from ...training.comparison_networks import CODE_COUNT, Comparisons, ConditionalVae
from .frames import Frames

TURNED_JOINTS, TURN_DEGREES = 5, 10.0
"""A manipulated pose: so many joints of a true one turned, by so much a component (standard deviation)."""
BOUND_SAMPLES = 8
"""Draws by which an autoencoder's bound is estimated."""
SINKHORN_FRAMES, SINKHORN_BLUR, SINKHORN_ROUNDS = 512, 0.05, 200
"""Codes a side; the entropic term as a share of the mean cost; iterations."""
SHIPPED, SMALL = "as shipped", "small"
PLAIN = "small, no intermediate supervision"


@dataclass(frozen=True)
class Table:
    """One table: ``rows`` are tuples of cells, as many as ``columns``; numbers have two digits after the point."""

    title: str
    columns: tuple[str, ...]
    rows: list[Any]

    def markdown(self) -> str:
        """The table as it stands in a card."""
        lines = [self.columns, tuple("---" for _ in self.columns), *([_cell(value) for value in r] for r in self.rows)]
        return "\n".join([f"**{self.title}**", "", *("| " + " | ".join(line) + " |" for line in lines)])


@dataclass(frozen=True)
class Subject:
    """One FLAG on the frames: ``name``, ``flag``, ``evidence``, true poses ``x`` and their oracle codes (N, 66)."""

    name: str
    flag: Flag
    evidence: Evidence
    x: torch.Tensor
    oracle: torch.Tensor

    def pose(self, z: torch.Tensor) -> torch.Tensor:
        """f(z) (N, 66)."""
        return self.flag.flow(z, self.evidence.context)

    @property
    def zero(self) -> torch.Tensor:
        return torch.zeros_like(self.evidence.mean)


def make_subject(name: str, flag: Flag, frames: Frames) -> Subject:
    """A ``Subject``."""
    evidence = frames.evidence(flag)
    return Subject(name, flag, evidence, *frames.codes(flag, evidence))


def method_table(frames: Frames, subjects: Sequence[Subject], networks: Comparisons | None) -> Table:
    """Table 1: ``subjects`` are the shipped FLAG, or the small one, the plain flow and the shipped one."""
    shipped = subjects[-1]
    rows = [("FLAG, as shipped, f(mu)", *_scores(frames, shipped, shipped.evidence.mean), 1.29, 4.96)]
    if networks:
        small, plain = subjects[:2]
        rows.append(("FLAG, small, f(mu)", *_scores(frames, small, small.evidence.mean), 1.29, 4.96))
        rows.append(("flow without intermediate supervision, f(0) (ProHMR)", *_scores(frames, plain, plain.zero),
                     1.64, 5.22))  # fmt: skip
        x = networks.vae.decode(torch.zeros(len(frames), CODE_COUNT), small.evidence.condition)
        rows.append(("conditional VAE, z = 0 (VPoser)", *frames.score(small.flag, x, small.evidence).values(),
                     1.69, 6.74))  # fmt: skip
    return Table("Table 1: methods", _errors_columns("method"), rows)


def supervision_table(frames: Frames, small: Subject, plain: Subject) -> Table:
    """Table 2, from z = 0, with the test poses' likelihood, which the paper does not give."""
    rows = [
        (name, *_scores(frames, subject, subject.zero), *published, float(-_log_prob(subject, subject.x).mean()))
        for name, subject, published in (("without", plain, (1.64, 5.22)), ("with", small, (1.39, 5.11)))
    ]
    return Table("Table 2: intermediate supervision", (*_errors_columns("supervision"), "NLL here, nats"), rows)


def likelihood_table(frames: Frames, subjects: Sequence[Subject], networks: Comparisons | None, seed: int = 0) -> Table:
    """Table 3: mean negative log-likelihood of true, manipulated and random poses, and relative differences.

    A density depends on its unit: here a pose number counts in its spread over the training set.
    """
    first = subjects[0]
    generator = torch.Generator().manual_seed(seed)
    turned = torch.zeros(len(frames), POSE_COUNT // 3, 3)
    chosen = torch.rand(turned.shape[:2], generator=generator).argsort(1)[:, :TURNED_JOINTS]
    amount = torch.deg2rad(TURN_DEGREES * torch.randn(len(frames), TURNED_JOINTS, 3, generator=generator))
    turned.scatter_(1, chosen[..., None].expand(-1, -1, 3), amount)
    low, high = first.x.min(0).values, first.x.max(0).values
    random = low + (high - low) * torch.rand(first.x.shape, generator=generator)
    rows = []
    published = {SMALL: (0.80, 1.0), SHIPPED: (0.80, 1.0), PLAIN: (0.61, 1.0)}
    for subject in subjects:
        in_radians = first.flag.pose.scale / subject.flag.pose.scale
        poses = subject.x, subject.x + turned.flatten(1) / subject.flag.pose.scale, random * in_radians
        rows.append(_likelihood_row(f"FLAG, {subject.name}", [-_log_prob(subject, x) for x in poses],
                                    published[subject.name]))  # fmt: skip
    if networks:
        small = next(subject for subject in subjects if subject.name == SMALL)
        poses = small.x, small.x + turned.flatten(1) / small.flag.pose.scale, random
        values = [-_bound(networks.vae, x, small, seed) for x in poses]
        rows.append(_likelihood_row("conditional VAE, bound (VPoser)", values, (0.02, 0.98)))
    columns = ("method", "true", "manipulated", "random", "RD manipulated", "RD random", "paper: RD manip.", "RD noise")
    return Table("Table 3: out of distribution", columns, rows)


def sampling_table(frames: Frames, subjects: Sequence[Subject], networks: Comparisons | None) -> Table:
    """Table 4: where the latent code comes from."""
    rows = []
    for subject in subjects:
        rows.append((f"{subject.name}: z = 0", *_scores(frames, subject, subject.zero), 1.39, 5.11))
        if networks and subject.name == SMALL:
            z = networks.mlp(subject.evidence.condition)
            rows.append((f"{subject.name}: z = MLP", *_scores(frames, subject, z), 1.36, 5.05))
        rows.append((f"{subject.name}: z = mu", *_scores(frames, subject, subject.evidence.mean), 1.29, 4.96))
    return Table("Table 4: the latent code", _errors_columns("code"), rows)


def oracle_table(subjects: Sequence[Subject], seed: int = 0) -> Table:
    """Table 5: distance to the oracle code: 1 - cosine, and Sinkhorn's between the codes of all frames."""
    rows = []
    for subject in subjects:
        drawn = torch.randn(subject.oracle.shape, generator=torch.Generator().manual_seed(seed))
        for name, z, published in (
            ("z ~ N(0, I)", drawn, (1.0, 0.29)),
            ("z = 0", subject.zero, (1.0, 0.22)),
            ("z = mu", subject.evidence.mean, (0.81, 0.18)),
        ):
            cosine = 1 - torch.nn.functional.cosine_similarity(z, subject.oracle).mean()
            rows.append((f"{subject.name}: {name}", float(cosine), sinkhorn(z, subject.oracle), *published))
    return Table("Table 5: distance to the oracle code",
                 ("code", "cosine", "Sinkhorn", "paper: cosine", "Sinkhorn there"), rows)  # fmt: skip


def sinkhorn(first: torch.Tensor, second: torch.Tensor) -> float:
    """Entropic optimal transport between two sets of codes (N, D), the cost being squared distance over D."""
    chosen = torch.linspace(0, len(first) - 1, min(SINKHORN_FRAMES, len(first))).long()
    cost = torch.cdist(first[chosen].double(), second[chosen].double()) ** 2 / first.shape[-1]
    kernel = -cost / (SINKHORN_BLUR * cost.mean())
    even = torch.full((len(chosen),), -float(len(chosen)), dtype=cost.dtype).abs().log().neg()
    left, right = torch.zeros_like(even), torch.zeros_like(even)
    for _ in range(SINKHORN_ROUNDS):
        left = even - torch.logsumexp(kernel + right, 1)
        right = even - torch.logsumexp(kernel + left[:, None], 0)
    return float((torch.exp(kernel + left[:, None] + right) * cost).sum())


def _likelihood_row(
    name: str, values: Sequence[torch.Tensor], published: tuple[float, float]
) -> tuple[str | float, ...]:
    true, manipulated, random = (float(value.mean()) for value in values)
    differences = [abs(other - true) / max(other, true) for other in (manipulated, random)]
    return name, true, manipulated, random, *differences, *published


def _log_prob(subject: Subject, x: torch.Tensor) -> torch.Tensor:
    return subject.flag.flow.log_prob(x, subject.evidence.context)


def _bound(vae: ConditionalVae, x: torch.Tensor, subject: Subject, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    draws = [torch.randn(len(x), CODE_COUNT, generator=generator) for _ in range(BOUND_SAMPLES)]
    return torch.stack([vae.bound(x, subject.evidence.condition, draw)[0] for draw in draws]).mean(0)


def _scores(frames: Frames, subject: Subject, z: torch.Tensor) -> Sequence[float]:
    return list(frames.score(subject.flag, subject.pose(z), subject.evidence).values())


def _errors_columns(first: str) -> tuple[str, ...]:
    return first, "upper, cm", "full, cm", "paper: upper", "full there"


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.2e}" if abs(value) >= 1e5 else f"{value:.2f}"
