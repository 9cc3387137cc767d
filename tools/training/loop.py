"""The loop under every training stage: schedule, averaged weights, log, and checkpoints that resume exactly.

Under ``torchrun`` every process draws windows of its own and gradients are averaged; the first one logs and saves.
"""

import json
import os
import pickle
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from ...model_core.errors import InputError
from .stepping.optimisation import Optimisation
from .stepping.pace import ClockPace, StepPace, seconds_for

LOG_EVERY, SAVE_EVERY_SECONDS = 50, 60.0
LOG_EVERY_ON_GPU = 200
"""A log line waits for the GPU."""
VALIDATIONS = 8
"""Looks at the validation split in a stage that lasts by the clock."""


Loss = Callable[[torch.Generator], tuple[torch.Tensor, dict[str, torch.Tensor]]]
Validation = Callable[[], dict[str, float]]


@dataclass(frozen=True)
class Stage:
    """One stage: its ``name``, the ``modules`` it trains, ``steps`` and ``rate`` of AdamW, and what a step computes.

    ``loss(generator)`` returns the loss and a dict of numbers for the log; ``validate()`` returns such a dict;
    ``finish()`` runs once after the last step. In a training by the clock a stage lasts for the ``fraction`` of the
    minutes instead of for ``steps``. All other modules stay as they are: no dropout, no moving codebooks.
    """

    name: str
    modules: Sequence[torch.nn.Module]
    steps: int
    rate: float
    loss: Loss
    validate: Validation | None = None
    finish: Callable[[], None] | None = None
    averaged: bool = True
    fraction: float = 1.0

    @property
    def parameters(self) -> list[torch.nn.Parameter]:
        return [parameter for module in self.modules for parameter in module.parameters()]


class Run:
    """A training run in a folder: ``checkpoint.pt`` is all that a continuation needs, ``log.jsonl`` is the log."""

    def __init__(
        self,
        folder: Path,
        model: torch.nn.Module,
        seed: int,
        resume: bool,
        device: torch.device | str = "cpu",
        minutes: float | None = None,
        recorded: bool = True,
    ) -> None:
        """``resume`` goes on from the folder's checkpoint; a folder that has one is not begun anew: ``InputError``.

        With ``minutes`` the stages share that time, that of earlier sessions included. ``recorded`` lets a GPU record
        its steps as graphs.
        """
        self.folder, self.model, self.device = Path(folder), model, device
        self.rank, self.processes = join_processes(device)
        self.checkpoint = self.folder / "checkpoint.pt"
        if self.checkpoint.is_file() and not resume:
            raise InputError(f"{self.folder}: holds a training; go on with --resume, name another --run, or delete it")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.generator = torch.Generator(device=device).manual_seed(seed + self.rank)
        torch.manual_seed(seed + self.rank)
        self.finished, self.pending = [], None
        self.minutes, self.recorded = minutes, recorded
        self.spent, self.begun = 0.0, time.monotonic()
        self.done = torch.zeros((), device=device)
        if self.checkpoint.is_file():
            self._load()
        elif not self.rank:
            (self.folder / "log.jsonl").unlink(missing_ok=True)
        self._broadcast_weights()

    def choose(self, stages: list[Stage], wish: str, given_weights: bool = False) -> list[Stage]:
        """The stages that ``wish`` ("all" or a name) means. Raises ``InputError`` where an earlier one is not trained.

        ``given_weights``: the model came with weights of the earlier stages.
        """
        first = 0 if wish == "all" else [stage.name for stage in stages].index(wish)
        for stage in stages[:first]:
            if stage.name in self.finished:
                continue
            if not given_weights:
                raise InputError(
                    f"{self.folder}: stage {wish} needs stage {stage.name}, which has not been trained there; train it "
                    f"first and go on with --resume"
                )
            self.finished.append(stage.name)
        return stages if wish == "all" else stages[first : first + 1]

    def fit(
        self,
        stage: Stage,
        progress: Callable[[float, str], None] | None = None,
        stop_after: int | None = None,
        validate_every: int = 500,
        later: Sequence[Stage] = (),
    ) -> bool:
        """Train one stage to its end, or for ``stop_after`` more steps. Return whether the stage is finished.

        ``later`` are the stages that have to share what is left of the minutes with this one.
        """
        if stage.name in self.finished:
            return True
        ours = self.pending if self.pending and self.pending["stage"] == stage.name else None
        pace = self._pace(stage, ours, later)
        optimisation = Optimisation(stage, self, ours, self.recorded)
        first = step = ours["step"] if ours else 0
        log_every = LOG_EVERY_ON_GPU if self._on_cuda else LOG_EVERY
        started = saved = time.monotonic()
        looked, done = pace.done(first), pace.done(first)
        while done < 1:
            if stop_after is not None and step - first >= stop_after:
                self._save(stage, step, done, optimisation)
                return False
            self.done.fill_(done)
            self._train_only(stage)
            loss, numbers = optimisation.step(pace.rate(step), step)
            if not self._on_cuda or (step + 1) % log_every == 0:
                self._require_finite(stage, step, loss)
            step, done = step + 1, pace.done(step + 1)
            if step % log_every == 0 or done >= 1:
                speed = (step - first) / (time.monotonic() - started)
                self.log(stage=stage.name, step=step, loss=loss, steps_per_second=round(speed, 2), **numbers)
                if progress:
                    progress(done, f"{stage.name} {pace.text(step)} loss {loss.item():.4f}")
            due = step % validate_every == 0 if self.minutes is None else done - looked >= 1 / VALIDATIONS
            if stage.validate and due and done < 1:
                self._validate(stage, step, optimisation.average)
                looked = done
            if time.monotonic() - saved > SAVE_EVERY_SECONDS:
                self._require_finite(stage, step - 1, loss)
                self._save(stage, step, done, optimisation)
                saved = time.monotonic()
        self._finish(stage, step, optimisation.average)
        return True

    def _pace(self, stage: Stage, ours: dict[str, Any] | None, later: Sequence[Stage]) -> StepPace | ClockPace:
        if self.minutes is None:
            return StepPace(stage.steps)
        before = ours.get("done", 0.0) if ours else 0.0
        left = max(0.0, 60 * self.minutes - self.seconds_spent)
        return ClockPace(seconds_for(stage, later, left, before), before)

    @property
    def seconds_spent(self) -> float:
        """Of this session and those before it."""
        return self.spent + time.monotonic() - self.begun

    def _finish(self, stage: Stage, step: int, average: list[torch.Tensor]) -> None:
        if stage.averaged:
            _copy(average, stage.parameters)
        self.model.eval()
        if stage.finish:
            stage.finish()
        self.finished.append(stage.name)
        self.pending = None
        if stage.validate:
            self._validate(stage, step, None)
        self._write({"finished": self.finished, "pending": None})

    def log(self, **numbers: torch.Tensor | float | str) -> None:
        """Append one line to the log; numbers may be tensors."""
        if self.rank:
            return
        lines = {k: round(v.item(), 6) if isinstance(v, torch.Tensor) else v for k, v in numbers.items()}
        with open(self.folder / "log.jsonl", "a") as file:
            file.write(json.dumps(lines) + "\n")

    def _train_only(self, stage: Stage) -> None:
        self.model.eval()
        for module in stage.modules:
            module.train()

    def _require_finite(self, stage: Stage, step: int, loss: torch.Tensor) -> None:
        if not torch.isfinite(loss):
            raise InputError(
                f"{self.folder}: the loss of stage {stage.name} is {loss.item()} at step {step + 1}; the last "
                f"checkpoint is kept: go on from it with --resume and a smaller --rate-scale"
            )

    def _broadcast_weights(self) -> None:
        if self.processes > 1:
            for tensor in self.model.state_dict().values():
                distributed.broadcast(tensor, 0)

    def average_gradients(self, stage: Stage) -> None:
        """Average them, and buffers, over all processes."""
        if self.processes > 1:
            for parameter in stage.parameters:
                if parameter.grad is not None:
                    distributed.all_reduce(parameter.grad)
                    parameter.grad /= self.processes
            for module in stage.modules:  # Codebooks follow what all processes saw.
                for buffer in module.buffers():
                    distributed.all_reduce(buffer)
                    buffer /= self.processes

    def _validate(self, stage: Stage, step: int, average: list[torch.Tensor] | None) -> None:
        """Log validation numbers of the averaged weights."""
        kept = [p.detach().clone() for p in stage.parameters]
        if average is not None and stage.averaged:
            _copy(average, stage.parameters)
        self.model.eval()
        with torch.no_grad():
            found = stage.validate() if stage.validate else {}
            self.log(stage=stage.name, step=step, **{f"val_{k}": v for k, v in found.items()})
        _copy(kept, stage.parameters)

    def _save(self, stage: Stage, step: int, done: float, optimisation: Optimisation) -> None:
        pending = {"stage": stage.name, "step": step, "done": done} | optimisation.state()
        self._write({"finished": self.finished, "pending": pending})

    def _write(self, state: dict[str, Any]) -> None:
        if self.rank:
            return
        state |= {"model": self.model.state_dict(), "generator": self.generator.get_state()}
        state["spent"] = self.seconds_spent
        state["torch_random"] = torch.get_rng_state()
        if self._on_cuda:
            state["cuda_random"] = torch.cuda.get_rng_state(self.device)
        partial = self.folder / "checkpoint.pt.partial"
        torch.save(state, partial)
        os.replace(partial, self.checkpoint)

    def _load(self) -> None:
        try:
            state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.finished, self.pending = state["finished"], state["pending"]
            self.spent = state.get("spent", 0.0)
        except (RuntimeError, pickle.UnpicklingError, KeyError, EOFError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(
                f"{self.checkpoint}: not a checkpoint of this model and --config, or not whole ({reason})"
            ) from error
        if self.rank:
            return  # What the other processes draw need not repeat: it only has to differ.
        self.generator.set_state(state["generator"].cpu())
        torch.set_rng_state(state["torch_random"].cpu())
        if self._on_cuda and "cuda_random" in state:
            torch.cuda.set_rng_state(state["cuda_random"].cpu(), self.device)

    @property
    def _on_cuda(self) -> bool:
        return torch.device(self.device).type == "cuda"


def join_processes(device: torch.device | str) -> tuple[int, int]:
    """Join the processes that ``torchrun`` started, if it did. Returns this one's rank and how many there are."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return 0, 1
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if torch.device(device).type == "cuda" else "gloo")
    return distributed.get_rank(), distributed.get_world_size()


def _copy(values: Sequence[torch.Tensor], parameters: Sequence[torch.Tensor]) -> None:
    with torch.no_grad():
        for value, parameter in zip(values, parameters, strict=True):
            parameter.copy_(value)
