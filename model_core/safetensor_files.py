"""Networks on disk: safetensors files that also hold what is needed to build the network.

Torch and safetensors are imported where they are used: Blender imports the modules beside this one without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checksums import verified
from .errors import InputError
from .whole_files import Outputs

if TYPE_CHECKING:
    import torch

FORMER_KEYS = {
    "mix": "out_proj", "think": "mlp", "approximator": "latent_region_approximator",  # flag.region
    "latent_spread": "latent_std",  # sage.vqvae
}  # fmt: skip
"""Former names of layers and buffers, which the shipped weights and other files of before have -> their names now."""


def save_tensors(
    path: Path | str,
    tensors: Mapping[str, torch.Tensor],
    metadata: Mapping[str, str],
    full_precision: tuple[str, ...] = (),
) -> None:
    """Write tensors and metadata, whole or not at all; the folder is made where it is missing.

    Tensors are stored as float16, but for those whose names start with one of ``full_precision``.
    """
    from safetensors.torch import save_file

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {
        name: (tensor if name.startswith(full_precision) else tensor.half()).contiguous()
        for name, tensor in tensors.items()
    }
    with Outputs() as outputs:
        save_file(stored, outputs.path_for(path), metadata=dict(metadata))


def load_tensors(
    path: Path | str, expected: str, file_format: str | None = None
) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors, as float32, and metadata of a file. ``InputError`` says that it is not what is ``expected``, and why.

    With a ``file_format`` the metadata must name it under ``format``.
    """
    from safetensors import SafetensorError, safe_open

    verified(path)
    try:
        with safe_open(str(path), framework="pt") as file:
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
            metadata = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read as {expected}: {error}") from error
    if file_format is not None and metadata.get("format") != file_format:
        raise InputError(f"{path}: holds {metadata.get('format', 'unnamed weights')}, expected {file_format}")
    return tensors, metadata


def rename_former_keys(module: torch.nn.Module, state: dict[str, torch.Tensor], prefix: str, *rest: Any) -> None:
    """Give the entries of a state dict that begin with ``prefix`` the names of today.

    A module whose parts once had other names registers it as a hook before state dicts are loaded.
    """
    for key in [key for key in state if key.startswith(prefix)]:
        parts = key.removeprefix(prefix).split(".")
        renamed = prefix + ".".join(FORMER_KEYS.get(part, part) for part in parts)
        if renamed != key:
            state[renamed] = state.pop(key)
