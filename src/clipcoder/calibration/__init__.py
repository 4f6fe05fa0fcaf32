"""Probabilities that mean something, on arrays: as sure as right, sets that hold the right class, or silence.

``temperature`` makes the softmax of scores as sure as it is right (``defaults``: without labels), ``spread``
finds one for each image, ``error`` says how well; ``conformal`` makes sets of a chosen coverage,
``abstention`` finds where to be silent, ``independent`` gives each class a probability of its own. What they
learn are numbers, which ``Calibration`` holds.
"""

from __future__ import annotations

from clipcoder.calibration.abstention import NEVER, threshold_for_error
from clipcoder.calibration.calibration import Calibration, checked_threshold
from clipcoder.calibration.conformal import Conformal, fit_conformal
from clipcoder.calibration.defaults import default_calibration
from clipcoder.calibration.error import (
    ReliabilityBin,
    brier_score,
    expected_calibration_error,
    negative_log_likelihood,
    reliability,
)
from clipcoder.calibration.independent import Platt, fit_platt
from clipcoder.calibration.spread import Spread, fit_spread
from clipcoder.calibration.temperature import fit_temperature

__all__ = [
    "NEVER",
    "Calibration",
    "Conformal",
    "Platt",
    "ReliabilityBin",
    "Spread",
    "brier_score",
    "checked_threshold",
    "default_calibration",
    "expected_calibration_error",
    "fit_conformal",
    "fit_platt",
    "fit_spread",
    "fit_temperature",
    "negative_log_likelihood",
    "reliability",
    "threshold_for_error",
]
