"""What probabilities are made with before a labelled image has been seen: a stated default for each encoder.

The softmax of scores (cosines times 100) divided by 100 / logit scale is what CLIP and its like are trained
with, on pairs of images and captions. It stands for every encoder that is not named below, and there is no
measurement behind it here; nor is there behind the sigmoid of a SigLIP, whose logit bias belongs to it.

The starter was measured. Its temperatures are medians, over the photos and captions that its training held
out and six sets of labelled photos (clothing, flowers, groceries, scenes, textures, waste; 5 to 41 classes),
of the one that is best for each. They reach from 4 (flowers) to 10 (textures): where the texts say little
about the classes the default is too sure, and where they say much it is not sure enough. With it, the
expected calibration error is 0.08 on photos of Caltech-101's val split, which had no part in it, and 0.04 to
0.18 on the six. Slopes and biases of independent labels are medians over the six sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clipcoder.calibration.calibration import Calibration
from clipcoder.calibration.independent import Platt

MEASURED: Final[Mapping[str, Mapping[str, Calibration]]] = {
    "starter": {
        "equidistant": Calibration(5.0, platt=Platt(0.1, -4.0)),
        "coder": Calibration(4.9, platt=Platt(0.1, -4.0)),
        "clip": Calibration(6.6, platt=Platt(0.085, -3.9)),
    },
}
"""By the name of an encoder and the rule that makes scores of texts (``ZeroShotClassifier``'s ``method``)."""


_LOG_PROBABILITIES: Final = frozenset(("auto", "linear-probe"))


def few_shot_temperature(method: str, texts: float) -> float:
    """Return the temperature of a few-shot method's logits before any image was judged, as with one shot.

    Most methods add something to the zero-shot logits, and keep their temperature. ``"auto"`` weighs all that
    it has so as to make log-probabilities, with one shot too, as ``"linear-probe"`` does; they need none.

    Args:
        method: a key of ``adapters.methods.METHODS``.
        texts: the temperature of scores by the texts alone, 1 without texts.

    >>> few_shot_temperature("tip-adapter", 5.0), few_shot_temperature("auto", 5.0)
    (5.0, 1.0)
    """
    return 1.0 if method in _LOG_PROBABILITIES else texts


def default_calibration(
    encoder_name: str, method: str, *, logit_scale: float, logit_bias: float | None = None
) -> Calibration:
    """Return the calibration of scores by texts, cosines times 100, that holds until there are labels.

    Args:
        encoder_name: an encoder's ``name``.
        method: the rule that makes scores of texts.
        logit_scale: what the encoder was trained to multiply cosines with.
        logit_bias: what it was trained to add, if with a sigmoid; None otherwise.

    Returns:
        The measured one, or 100 / logit scale, with the encoder's own sigmoid where it has one. Without
        either, ``platt`` is None: independent probabilities have to be learned from labelled images.

    >>> default_calibration("ViT-B-32/openai", "coder", logit_scale=100.0).temperature
    1.0
    """
    measured = MEASURED.get(encoder_name, {}).get(method)
    if measured is not None:
        return measured
    sigmoid = None if logit_bias is None else Platt(logit_scale / 100, logit_bias)
    return Calibration(100 / logit_scale, platt=sigmoid)
