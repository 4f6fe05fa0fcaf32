"""What probabilities are made with before a labelled image has been seen: a stated default for each encoder.

The softmax of scores (cosines times 100) divided by 100 / logit scale is what CLIP and its like are trained
with, on pairs of images and captions. It stands for every encoder that is not named below, and there is no
measurement behind it here; nor is there behind the sigmoid of a SigLIP, whose logit bias belongs to it.

The starter was measured. Its temperatures are medians, over the photos and captions that its training held
out and six sets of labelled photos (clothing, flowers, groceries, scenes, textures, waste; 5 to 41 classes),
of the one that is best for each. They reach from 4 (flowers) to 10 (textures): where the texts say little
about the classes the default is too sure, and where they say much it is not sure enough. With it, the
expected calibration error is 0.08 on photos of Caltech-101's val split, which had no part in it, and 0.04 to
0.18 on the six. Those were WordNet's texts. With the knowledge pack's, which became the default later, the
median over the six is the same 5.0, and the error on Caltech's val photos 0.12, for they say more there:
a few labels are worth it. Slopes and biases of independent labels are medians over the six sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from clipcoder.calibration.calibration import Calibration
from clipcoder.calibration.independent import Platt
from clipcoder.calibration.inputs import labelled

MEASURED: Final[Mapping[str, Mapping[str, Calibration]]] = {
    "starter": {
        "equidistant": Calibration(5.0, platt=Platt(0.1, -4.0)),
        "coder": Calibration(4.9, platt=Platt(0.1, -4.0)),
        "clip": Calibration(6.6, platt=Platt(0.085, -3.9)),
    },
}
"""By the name of an encoder and the rule that makes scores of texts (``ZeroShotClassifier``'s ``method``)."""


_MEASURED_FEW_SHOT: Final[Mapping[str, float]] = {"auto": 0.9, "linear-probe": 0.8}


def few_shot_temperature(method: str, texts: float | None, spread: float = 1.0) -> float:
    """Return the temperature of a few-shot method's logits before any image was judged, as with one shot.

    ``"auto"`` and ``"linear-probe"`` make log-probabilities, with one shot a little too cautious ones. Their
    temperatures have the least mean log-loss over ten sets of photos (Caltech-101's val split and nine
    others, 5 to 100 classes, one image a class, the starter encoder).

    The other methods add logits of images to those of texts, with an equal say: two witnesses, of whom each
    repeats much of what the other says. The mean of the two is at the temperature of the texts, so their sum
    is at twice that. Without texts, or where their temperature is not known, it is the spread of the logits.

    Args:
        method: a key of ``adapters.methods.METHODS``.
        texts: the temperature of scores by the texts alone; None if there are no texts, or it is not known.
        spread: the spread of logits between the classes that images do not show (``rival_spread``).

    >>> few_shot_temperature("tip-adapter", 5.0), few_shot_temperature("auto", 5.0)
    (10.0, 0.9)
    """
    if method in _MEASURED_FEW_SHOT:
        return _MEASURED_FEW_SHOT[method]
    return spread if texts is None else 2 * texts


def rival_spread(logits: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return how far apart the logits of the classes are that labelled images do not show.

    It is the root of the mean variance between these classes; of two classes, between both. So it is not
    misled by images that a method was fitted to, whose own classes stand out.

    Args:
        logits: of shape (n, C).
        labels: the class of each image, integers of shape (n,).

    Returns:
        A positive number; 1 where logits have no spread.

    Raises:
        InvalidInputError: arrays that do not fit together.

    >>> rival_spread([[9, 1, 3]], [0])
    1.0
    """
    rows, index = labelled(logits, labels, "logits")
    rivals = rows.astype(np.float64)
    if rivals.shape[1] > 2:
        rivals = rivals[np.arange(rivals.shape[1]) != index[:, None]].reshape(len(rows), -1)
    spread = float(np.sqrt(rivals.var(axis=1).mean())) if rivals.size else 0.0
    return spread or 1.0


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
