"""The few-shot methods by name. Each is tuned on the support set alone, by leave-one-out, and then fitted.

Where fewer than half of the images have another one of their class, as with one shot, nothing can be judged
by leaving images out, and each method takes default settings, stated where they are defined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from clipcoder.adapters import ape, auto, coder_adapter, gda, linear_probe, tip_adapter, unseen
from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.support import Support
from clipcoder.errors import UnknownNameError

METHODS: Final[Mapping[str, Callable[[Support], Fitted]]] = {
    "auto": partial(unseen.fit, auto.fit),
    "gda": gda.fit,
    "linear-probe": partial(unseen.fit, linear_probe.fit),
    "tip-adapter": tip_adapter.fit,
    "coder-adapter": coder_adapter.fit,
    "ape": ape.fit,
}
"""What fits each method."""


def fit(support: Support, method: str = "auto") -> Fitted:
    """Tune a method on a support set and fit it.

    Args:
        support: the labelled images and the texts of their classes.
        method: a key of ``METHODS``.

    Raises:
        UnknownNameError: an unknown method.
        InvalidInputError: a support set that the method cannot learn from.

    >>> support = Support.of([[1, 0], [0, 1]], [0, 1], [[1, 0], [0, 1]])
    >>> fit(support).head.scores([[3, 1]]).argmax(axis=1)
    array([0])
    """
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    return METHODS[method](support)
