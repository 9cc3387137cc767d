"""One stage's optimizer: AdamW, clipped gradients and averaged weights, on a GPU recorded as one graph."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import torch

from .gpu_step import HostLimiter, RecordedStep, StayOnDevice

if TYPE_CHECKING:
    from ..loop import Run, Stage

Step = tuple[torch.Tensor, dict[str, torch.Tensor]]

GRADIENT_CLIP, AVERAGING = 1.0, 0.999


class Optimisation:
    """``step`` trains once; ``average`` are the averaged weights; ``state`` is what a continuation needs.

    On a GPU learning rate and averaging weight are tensors, so that a recorded step can be given new ones.
    """

    def __init__(
        self, stage: "Stage", run: "Run", pending: dict[str, Any] | None = None, recorded: bool = False
    ) -> None:
        """``pending`` is the ``state`` of an earlier session."""
        self.stage, self.run = stage, run
        self.on_gpu = torch.device(run.device).type == "cuda"
        self.recorded = recorded and self.on_gpu and run.processes == 1
        options: dict[str, Any] = dict(lr=stage.rate, betas=(0.9, 0.99), weight_decay=0.01)
        if self.on_gpu:
            options |= dict(lr=torch.tensor(float(stage.rate), device=run.device), capturable=True, fused=True)
        self.optimizer = torch.optim.AdamW(stage.parameters, **options)
        self.rate = options["lr"]
        self.weight = torch.tensor(0.0, device=run.device)
        self.average = [parameter.detach().clone() for parameter in stage.parameters]
        if pending:
            self.optimizer.load_state_dict(pending["optimizer"])
            self.average = [values.to(run.device) for values in pending["average"]]
        self.mode = StayOnDevice(run.device) if self.on_gpu else nullcontext()
        self.limiter = HostLimiter() if self.on_gpu else None
        self.ready: Callable[[], Step] | None = None

    def state(self) -> dict[str, Any]:
        return {"optimizer": self.optimizer.state_dict(), "average": self.average}

    def step(self, rate_fraction: float, number: int) -> Step:
        """Train once at a fraction of the full learning rate, as step ``number``. Returns the loss and its parts."""
        decay = min(AVERAGING, (number + 1) / (number + 10))
        if not self.on_gpu:
            self._set_rate(self.stage.rate * rate_fraction)
            return self._advance(1 - decay)
        self.rate.fill_(self.stage.rate * rate_fraction)
        self.weight.fill_(1 - decay)
        self._set_rate(self.rate)  # A loaded state has a tensor of its own.
        if self.ready is None:
            self.ready = self._record() if self.recorded else self._on_device
        found = self.ready()
        if self.limiter:
            self.limiter.step()
        return found

    def _set_rate(self, rate: float | torch.Tensor) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def _record(self) -> Callable[[], Step]:
        """The recorded step, or where that cannot be the plain one, which is slower; a message says so."""
        random = self.run.generator.get_state()
        try:
            return RecordedStep(self._on_device, self.run.generator)
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            print(
                f"threepoint: stage {self.stage.name} cannot be recorded as a CUDA graph and goes on step by step "
                f"({reason})",
                file=sys.stderr,
            )
            torch.cuda.synchronize()
            self.run.generator = torch.Generator(device=self.run.device)
            self.run.generator.set_state(random)
            return self._on_device

    def _on_device(self) -> Step:
        with self.mode:
            return self._advance(self.weight)

    def _advance(self, weight: torch.Tensor | float) -> Step:
        parameters = self.stage.parameters
        self.optimizer.zero_grad(set_to_none=True)
        loss, numbers = self.stage.loss(self.run.generator)
        loss.backward()
        self.run.average_gradients(self.stage)
        torch.nn.utils.clip_grad_norm_(parameters, GRADIENT_CLIP)
        self.optimizer.step()
        self._follow([parameter.detach() for parameter in parameters], weight)
        return loss.detach(), {name: _detached(value) for name, value in numbers.items()}

    def _follow(self, parameters: list[torch.Tensor], weight: torch.Tensor | float) -> None:
        for average, parameter in zip(self.average, parameters, strict=True):
            average.lerp_(parameter, weight)


def _detached(value: torch.Tensor) -> torch.Tensor:
    return value.detach() if isinstance(value, torch.Tensor) else value
