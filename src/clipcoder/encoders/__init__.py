"""Dual encoders: images and texts into one space."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from clipcoder.encoders.base import Encoder
from clipcoder.encoders.hub import MODEL_NAMES, fetch
from clipcoder.errors import UnknownNameError

__all__ = ["MODEL_NAMES", "Encoder", "load_encoder"]

STARTER: Final = "starter"
_FOLDER: Final = "onnx:"


def load_encoder(name: str) -> Encoder:
    """Return the encoder of a name.

    Args:
        name: ``"starter"``, the small encoder inside the package; ``"onnx:FOLDER"``, a folder of ONNX exports
            (``OnnxEncoder`` says what it holds); or one of ``MODEL_NAMES``, such as ``"ViT-B-32/openai"``,
            which is fetched from a hub when it is first named.

    Raises:
        UnknownNameError: no encoder has this name; the nearest ones are listed.
        ModelUnavailableError: a published model cannot be fetched.
        InvalidInputError: a file of the model is absent or broken.

    Example:
        >>> load_encoder("starters")
        Traceback (most recent call last):
            ...
        clipcoder.errors.UnknownNameError: unknown model 'starters': did you mean 'starter'?
    """
    if name == STARTER:
        from clipcoder.encoders.starter import StarterEncoder

        return StarterEncoder.load()
    if name in MODEL_NAMES:
        return _onnx_encoder(fetch(name), name)
    if isinstance(name, str) and name.startswith(_FOLDER):
        return _onnx_encoder(name.removeprefix(_FOLDER), name)
    raise UnknownNameError("model", str(name), [STARTER, f"{_FOLDER}FOLDER", *MODEL_NAMES])


def _onnx_encoder(folder: str | Path, name: str) -> Encoder:
    from clipcoder.encoders.onnx import OnnxEncoder

    return OnnxEncoder(folder, name=name)
