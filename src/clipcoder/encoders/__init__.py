"""Dual encoders: images and texts into one space."""

from __future__ import annotations

from clipcoder.encoders.base import Encoder
from clipcoder.errors import UnknownNameError

STARTER = "starter"


def load_encoder(name: str) -> Encoder:
    """Return the encoder of a name.

    Args:
        name: ``"starter"``, the small encoder inside the package.

    Raises:
        UnknownNameError: no encoder has this name; the nearest ones are listed.
    """
    if name == STARTER:
        from clipcoder.encoders.starter import StarterEncoder

        return StarterEncoder.load()
    raise UnknownNameError("model", name, [STARTER])
