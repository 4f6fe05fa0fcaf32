"""How sure a few-shot classifier is to be, as the images say that it was fitted to."""

from __future__ import annotations

from clipcoder.adapters.fitted import Fitted
from clipcoder.adapters.support import Support
from clipcoder.calibration import Calibration, default_calibration, fit_platt, fit_spread
from clipcoder.calibration.defaults import few_shot_temperature, rival_spread
from clipcoder.encoded import EncodedTexts
from clipcoder.encoders.base import Encoder


def calibration_of_fit(support: Support, fitted: Fitted, method: str, texts: float | None) -> Calibration:
    """Return what the images that a few-shot method was fitted to say, each judged by the others.

    Args:
        support: the images.
        fitted: the method.
        method: its name, by which it has a default temperature: that is all there is where none was judged.
        texts: the temperature of scores by the texts alone; None if it is not known.
    """
    spread = rival_spread(fitted.head.scores(support.images), support.labels) if texts is None else 1.0
    default = few_shot_temperature(method, texts, spread)
    if not len(fitted.judged):
        return Calibration(default)
    labels = support.labels[fitted.judged]
    temperature, evening = fit_spread(fitted.held_out, labels, support.weight[fitted.judged], default=default)
    platt = fit_platt(fitted.held_out, labels)
    return Calibration(temperature, platt=platt, images=len(labels), spread=evening)


def temperature_of_texts(encoder: Encoder | None, texts: EncodedTexts | None) -> float | None:
    """Return the default temperature of scores by the texts alone; None without texts, or if it is not known.

    Args:
        encoder: what encodes them; None where features are handed in, which may be anybody's.
        texts: the bank.
    """
    if encoder is None or texts is None:
        return None
    return default_calibration(encoder.name, texts.method, logit_scale=encoder.logit_scale).temperature
