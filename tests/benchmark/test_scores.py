"""What answers are worth, and where a row says it was made."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest

from clipcoder.benchmark import provenance
from clipcoder.benchmark.answers import Answers, Score
from clipcoder.calibration import expected_calibration_error


def test_scores_by_hand() -> None:
    labels = np.array([0, 0, 0, 2])
    score = Score.of(Answers(np.array([0, 0, 1, 2]), np.float32([1, 1, 1, 1])), labels)
    assert score.accuracy == 0.75
    assert score.class_accuracy_mean == pytest.approx((2 / 3 + 1) / 2)  # class 1 has no image
    assert score.ece == pytest.approx(0.25)


def test_the_calibration_error_is_that_of_the_whole_probabilities() -> None:
    dice = np.random.default_rng(0)
    probabilities = dice.dirichlet(np.ones(5), size=300).astype(np.float32)
    labels = dice.integers(5, size=300)
    answers = Answers.of(lambda rows: rows, probabilities)
    expected = expected_calibration_error(probabilities, labels)
    assert Score.of(answers, labels).ece == pytest.approx(expected, abs=1e-9)


def test_answers_do_not_depend_on_the_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(1).random((10, 3), dtype=np.float32)
    whole = Answers.of(lambda part: part, rows)
    monkeypatch.setattr("clipcoder.benchmark.answers._IMAGES_AT_ONCE", 3)
    parts = Answers.of(lambda part: part, rows)
    np.testing.assert_array_equal(whole.chosen, parts.chosen)
    np.testing.assert_array_equal(whole.confidence, parts.confidence)


def test_what_cannot_be_read_is_wrong_and_has_no_part_in_calibration() -> None:
    readable = np.array([True, False])
    answers = Answers(np.array([0]), np.float32([1.0])).over(readable)
    score = Score.of(answers, np.array([0, 0]))
    assert (score.accuracy, score.ece) == (0.5, 0.0)


def test_provenance(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"clipcoder", "python", "numpy", "scikit-learn"} <= set(provenance.versions())
    peak = provenance.peak_memory_mb()
    assert peak is not None
    assert 10 < peak < 1e6

    def absent(name: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(provenance, "version", absent)
    assert set(provenance.versions()) == {"clipcoder", "python"}
    monkeypatch.setitem(sys.modules, "resource", None)  # as on Windows
    assert provenance.peak_memory_mb() is None
