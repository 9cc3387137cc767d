"""The loop under every training stage: schedule, averaged weights, log, and checkpoints that resume exactly."""

import json
import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch

WARM_UP, GRADIENT_CLIP, AVERAGING = 500, 1.0, 0.999
LOG_EVERY, SAVE_EVERY_SECONDS = 50, 60.0


@dataclass(frozen=True)
class Stage:
    """One stage: its ``name``, the parameters it moves, ``steps`` and ``rate`` of AdamW, and what a step computes.

    ``loss(generator)`` returns the loss and a dict of numbers for the log; ``validate()`` returns such a dict;
    ``finish()`` runs once after the last step.
    """

    name: str
    parameters: list
    steps: int
    rate: float
    loss: object
    validate: object = None
    finish: object = None
    averaged: bool = True


class Run:
    """A training run in a folder: ``checkpoint.pt`` is all that a continuation needs, ``log.jsonl`` is the log."""

    def __init__(self, folder, model, seed, resume, device="cpu"):
        self.folder, self.model, self.device = Path(folder), model, device
        self.folder.mkdir(parents=True, exist_ok=True)
        self.generator = torch.Generator(device=device).manual_seed(seed)
        torch.manual_seed(seed)
        self.finished, self.pending = [], None
        self.done = 0.0
        if resume and (self.folder / "checkpoint.pt").is_file():
            self._load()
        else:
            (self.folder / "log.jsonl").unlink(missing_ok=True)

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
            self.model.train()
            loss, numbers = stage.loss(self.generator)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(stage.parameters, GRADIENT_CLIP)
            optimizer.step()
            decay = min(AVERAGING, (step + 1) / (step + 10))
            torch._foreach_lerp_(average, [p.detach() for p in stage.parameters], 1 - decay)
            if (step + 1) % LOG_EVERY == 0 or step + 1 == stage.steps:
                pace = (step + 1 - first) / (time.monotonic() - started)
                self.log(stage=stage.name, step=step + 1, loss=loss, steps_a_second=round(pace, 2), **numbers)
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
        numbers = {k: round(v.item(), 6) if isinstance(v, torch.Tensor) else v for k, v in numbers.items()}
        with open(self.folder / "log.jsonl", "a") as file:
            file.write(json.dumps(numbers) + "\n")

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
        state |= {"model": self.model.state_dict(), "generator": self.generator.get_state()}
        state["torch_random"] = torch.get_rng_state()
        partial = self.folder / "checkpoint.pt.partial"
        torch.save(state, partial)
        os.replace(partial, self.folder / "checkpoint.pt")

    def _load(self):
        state = torch.load(self.folder / "checkpoint.pt", map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.generator.set_state(state["generator"].cpu())
        torch.set_rng_state(state["torch_random"].cpu())
        self.finished, self.pending = state["finished"], state["pending"]


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
