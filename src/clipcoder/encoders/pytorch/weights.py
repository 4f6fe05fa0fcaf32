"""Filling a model of open_clip with the weights of a file, from which tensors are taken and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from clipcoder.encoders.pytorch.archive import is_torch_archive, names_in_archive, read_archive
from clipcoder.errors import ClipcoderError, InvalidInputError

_OPENAI_ONLY: Final = ("input_resolution", "context_length", "vocab_size")
"""Buffers of OpenAI's archives that no model of open_clip has; their models were trained with QuickGELU."""

_BIG_VISION: Final = (".npz", ".npy")


def is_openai(path: Path) -> bool:
    """Whether a file is one of OpenAI's own archives.

    Raises:
        InvalidInputError: it is a TorchScript archive, but a broken one, or its pickle asks for code.
    """
    return is_torch_archive(path) and names_in_archive(path).issuperset(_OPENAI_ONLY)


def load_weights(model: Any, path: Path, name: str) -> None:
    """Fill a model with the weights of a file.

    Args:
        model: a model of open_clip.
        path: a file of safetensors, a checkpoint of ``torch.save``, big_vision's ``.npz``, or a TorchScript
            archive such as OpenAI's.
        name: what the model is called in error messages.

    Raises:
        InvalidInputError: the file is broken, holds more than tensors, or belongs to another architecture.
    """
    _refuse_old_torch(path)
    try:
        if is_torch_archive(path):
            _load_archive(model, path)
        else:
            _load_checkpoint(model, path)
    except ClipcoderError:
        raise
    except Exception as error:  # torch, safetensors and open_clip raise what they stumble over
        raise InvalidInputError(_sentence(path, name, error)) from error


def _load_archive(model: Any, path: Path) -> None:
    held = read_archive(path)
    unsaved = dict(model.named_buffers()).keys() - model.state_dict().keys()  # such as the causal mask
    model.load_state_dict({k: v for k, v in held.items() if k not in unsaved and k not in _OPENAI_ONLY})


def _load_checkpoint(model: Any, path: Path) -> None:
    from open_clip.factory import load_checkpoint, load_state_dict

    if path.suffix not in _BIG_VISION:
        _refuse_misfits(model, load_state_dict(str(path)))
    load_checkpoint(model, str(path))


def _refuse_misfits(model: Any, held: Mapping[str, Any]) -> None:
    """Refuse what open_clip would adapt: it stretches positions to another size, and makes up a bias of 0."""
    asked = model.state_dict()
    for name in ("visual.positional_embedding", "positional_embedding", "text.positional_embedding"):
        if name in held and name in asked and held[name].shape != asked[name].shape:
            sizes = f"{tuple(held[name].shape)} instead of {tuple(asked[name].shape)}"
            raise ValueError(f"its {name} is of the shape {sizes}")
    if "logit_bias" in asked and "logit_bias" not in held:
        raise ValueError("it lacks logit_bias")


def _refuse_old_torch(path: Path) -> None:
    """Refuse pickled checkpoints where torch before 2.6 could still be made to execute code by them."""
    import torch

    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if version < (2, 6) and path.suffix != ".safetensors":
        raise InvalidInputError(
            f"'{path}' is a pickle, which torch {torch.__version__} cannot read safely; pip install "
            "'torch>=2.6', or get the weights as .safetensors"
        )


def _sentence(path: Path, name: str, error: Exception) -> str:
    import pickle

    from safetensors import SafetensorError

    reason = " ".join(str(error).split()) or type(error).__name__
    match error:
        case pickle.UnpicklingError():
            return (
                f"'{path}' is refused: it is no file of weights, or its pickle holds more than tensors, and "
                "those could execute anything; get the weights from their publisher, best as .safetensors"
            )
        case SafetensorError() | EOFError() | OSError():
            return f"'{path}' is broken or cut off ({reason[:160]}); get the file again"
        case RuntimeError() if "zip archive" in reason or "PytorchStreamReader" in reason:
            return f"'{path}' is broken or cut off ({reason[:160]}); get the file again"
    return (
        f"'{path}' does not hold the weights of {name} ({reason[:240]}); name the architecture they belong to"
    )
