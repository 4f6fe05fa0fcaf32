"""The metrics of a classifier as plain values, and back."""

from __future__ import annotations

from typing import Any

from clipcoder.encoders.json_file import JsonFile, is_number
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.metrics import Metrics, Quality
from clipcoder.pipeline.saved.settings import number, plain


def metrics_to_json(metrics: Metrics) -> dict[str, Any]:
    """Return metrics as plain values, with what can be reckoned from them."""
    return {
        "images": sum(metrics.shots),
        "shots": list(metrics.shots),
        "leave_one_out": _quality_to_json(metrics.leave_one_out),
        "evaluation": _quality_to_json(metrics.evaluation),
    }


def read_metrics(facts: JsonFile) -> Metrics:
    """Return the metrics of a document.

    Raises:
        InvalidInputError: a value that is none.
    """
    shots = facts.value("shots", _are_counts, "a list of whole numbers, 0 or more")
    return Metrics(tuple(shots), _read_quality(facts, "leave_one_out"), _read_quality(facts, "evaluation"))


def _quality_to_json(quality: Quality | None) -> dict[str, Any] | None:
    if quality is None:
        return None
    return {
        "images": quality.images,
        "right": quality.right,
        "accuracy": quality.accuracy,
        "log_loss": plain(quality.log_loss, "log loss"),
        "calibration_error": quality.calibration_error,
    }


def _read_quality(facts: JsonFile, name: str) -> Quality | None:
    if facts.values.get(name) is None:
        return None
    section = facts.section(name)
    images = section.value("images", _is_whole, "a whole number")
    right = section.value("right", _is_whole, "a whole number")
    if not 0 <= right <= images or not images:
        raise InvalidInputError(f"{name!r} in '{facts.path}' must have as many images as are right, or more")
    loss = section.value("log_loss", lambda v: is_number(v) or v == "inf", "a number")
    error = section.value("calibration_error", is_number, "a number")
    return Quality(images, right, float(number(loss)), float(error))


def _are_counts(value: object) -> bool:
    return isinstance(value, list) and all(_is_whole(item) and item >= 0 for item in value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
