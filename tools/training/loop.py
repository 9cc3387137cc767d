"""The loop under every training stage: schedule, averaged weights, log, and checkpoints that resume exactly.

Under ``torchrun`` every process draws windows of its own and gradients are averaged; the first one logs and saves.
"""

import json
import math
import os
import pickle
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import distributed

from ...model_core.errors import InputError

WARM_UP, GRADIENT_CLIP, AVERAGING = 500, 1.0, 0.999
LOG_EVERY, SAVE_EVERY_SECONDS = 50, 60.0


@dataclass(frozen=True)
class Stage:
    """One stage: its ``name``, the ``modules`` it trains, ``steps`` and ``rate`` of AdamW, and what a step computes.

    ``loss(generator)`` returns the loss and a dict of numbers for the log; ``validate()`` returns such a dict;
    ``finish()`` runs once after the last step. All other modules stay as they are: no dropout, no moving codebooks.
    """

    name: str
    modules: list
    steps: int
    rate: float
    loss: object
    validate: object = None
    finish: object = None
    averaged: bool = True

    @property
    def parameters(self):
        return [parameter for module in self.modules for parameter in module.parameters()]


class Run:
    """A training run in a folder: ``checkpoint.pt`` is all that a continuation needs, ``log.jsonl`` is the log."""

    def __init__(self, folder, model, seed, resume, device="cpu"):
        """``resume`` goes on from the folder's checkpoint; a folder that has one is not begun anew: ``InputError``."""
        self.folder, self.model, self.device = Path(folder), model, device
        self.rank, self.processes = join_processes(device)
        self.checkpoint = self.folder / "checkpoint.pt"
        if self.checkpoint.is_file() and not resume:
            raise InputError(f"{self.folder}: holds a training; go on with --resume, name another --run, or delete it")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.generator = torch.Generator(device=device).manual_seed(seed + self.rank)
        torch.manual_seed(seed + self.rank)
        self.finished, self.pending = [], None
        self.done = 0.0
        if self.checkpoint.is_file():
            self._load()
        elif not self.rank:
            (self.folder / "log.jsonl").unlink(missing_ok=True)
        self._broadcast_weights()

    def choose(self, stages, wish, given_weights=False):
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

    def fit(self, stage, progress=None, stop_after=None, validate_every=500):
        """Train one stage to its end, or for ``stop_after`` more steps. Return whether the stage is finished."""
        if stage.name in self.finished:
            return True
        optimizer = torch.optim.AdamW(stage.parameters, lr=stage.rate, betas=(0.9, 0.99), weight_decay=0.01)
        average = [p.detach().clone() for p in stage.parameters]
        first = 0
        if self.pending and self.pending["stage"] == stage.name:
            first = self.pending["step"]
            optimizer.load_state_dict(self.pending["optimizer"])
            average = [a.to(self.device) for a in self.pending["average"]]
        started = saved = time.monotonic()
        for step in range(first, stage.steps):
            if stop_after is not None and step - first >= stop_after:
                self._save(stage, step, optimizer, average)
                return False
            for group in optimizer.param_groups:
                group["lr"] = stage.rate * _schedule(step, stage.steps)
            self.done = step / stage.steps
            self._train_only(stage)
            loss, numbers = stage.loss(self.generator)
            self._insist_on_numbers(stage, step, loss)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._average_gradients(stage)
            torch.nn.utils.clip_grad_norm_(stage.parameters, GRADIENT_CLIP)
            optimizer.step()
            decay = min(AVERAGING, (step + 1) / (step + 10))
            torch._foreach_lerp_(  # pyright: ignore[reportPrivateImportUsage]  # It has no public name.
                average, [p.detach() for p in stage.parameters], 1 - decay
            )
            if (step + 1) % LOG_EVERY == 0 or step + 1 == stage.steps:
                pace = (step + 1 - first) / (time.monotonic() - started)
                self.log(stage=stage.name, step=step + 1, loss=loss, steps_per_second=round(pace, 2), **numbers)
                if progress:
                    progress((step + 1) / stage.steps, f"{stage.name} {step + 1}/{stage.steps} loss {loss.item():.4f}")
            if stage.validate and (step + 1) % validate_every == 0 and step + 1 < stage.steps:
                self._validate(stage, step + 1, average)
            if time.monotonic() - saved > SAVE_EVERY_SECONDS:
                self._save(stage, step + 1, optimizer, average)
                saved = time.monotonic()
        if stage.averaged:
            _copy(average, stage.parameters)
        self.model.eval()
        if stage.finish:
            stage.finish()
        self.finished.append(stage.name)
        self.pending = None
        if stage.validate:
            self._validate(stage, stage.steps, None)
        self._write({"finished": self.finished, "pending": None})
        return True

    def log(self, **numbers):
        """Append one line to the log; numbers may be tensors."""
        if self.rank:
            return
        numbers = {k: round(v.item(), 6) if isinstance(v, torch.Tensor) else v for k, v in numbers.items()}
        with open(self.folder / "log.jsonl", "a") as file:
            file.write(json.dumps(numbers) + "\n")

    def _train_only(self, stage):
        self.model.eval()
        for module in stage.modules:
            module.train()

    def _insist_on_numbers(self, stage, step, loss):
        if not torch.isfinite(loss):
            raise InputError(
                f"{self.folder}: the loss of stage {stage.name} is {loss.item()} at step {step + 1}; the last "
                f"checkpoint is kept: go on from it with --resume and a smaller --rate-scale"
            )

    def _broadcast_weights(self):
        if self.processes > 1:
            for tensor in self.model.state_dict().values():
                distributed.broadcast(tensor, 0)

    def _average_gradients(self, stage):
        if self.processes > 1:
            for parameter in stage.parameters:
                if parameter.grad is not None:
                    distributed.all_reduce(parameter.grad)
                    parameter.grad /= self.processes
            for module in stage.modules:  # Codebooks follow what all processes saw.
                for buffer in module.buffers():
                    distributed.all_reduce(buffer)
                    buffer /= self.processes

    def _validate(self, stage, step, average):
        """Log validation numbers of the averaged weights."""
        kept = [p.detach().clone() for p in stage.parameters]
        if average is not None and stage.averaged:
            _copy(average, stage.parameters)
        self.model.eval()
        with torch.no_grad():
            self.log(stage=stage.name, step=step, **{f"val_{k}": v for k, v in stage.validate().items()})
        _copy(kept, stage.parameters)

    def _save(self, stage, step, optimizer, average):
        pending = {"stage": stage.name, "step": step, "optimizer": optimizer.state_dict(), "average": average}
        self._write({"finished": self.finished, "pending": pending})

    def _write(self, state):
        if self.rank:
            return
        state |= {"model": self.model.state_dict(), "generator": self.generator.get_state()}
        state["torch_random"] = torch.get_rng_state()
        if self._on_cuda:
            state["cuda_random"] = torch.cuda.get_rng_state(self.device)
        partial = self.folder / "checkpoint.pt.partial"
        torch.save(state, partial)
        os.replace(partial, self.checkpoint)

    def _load(self):
        try:
            state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.finished, self.pending = state["finished"], state["pending"]
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
    def _on_cuda(self):
        return torch.device(self.device).type == "cuda"


def join_processes(device):
    """Join the processes that ``torchrun`` started, if it did. Returns this one's rank and how many there are."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        return 0, 1
    if not distributed.is_initialized():
        distributed.init_process_group("nccl" if torch.device(device).type == "cuda" else "gloo")
    return distributed.get_rank(), distributed.get_world_size()


def _schedule(step, steps):
    """Linear warm-up, then half a cosine down to zero."""
    warm_up = min(WARM_UP, steps // 10 + 1)
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def _copy(values, parameters):
    with torch.no_grad():
        for value, parameter in zip(values, parameters, strict=True):
            parameter.copy_(value)
