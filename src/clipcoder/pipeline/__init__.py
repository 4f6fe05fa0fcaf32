"""From images to class names: an encoder, a bank of texts and a rule, in scikit-learn's manners."""

from __future__ import annotations

from clipcoder.pipeline.close_calls import CloseCall
from clipcoder.pipeline.outcomes import UNKNOWN, Failure, Prediction
from clipcoder.pipeline.zero_shot import ZeroShotClassifier

__all__ = ["UNKNOWN", "CloseCall", "Failure", "Prediction", "ZeroShotClassifier"]
