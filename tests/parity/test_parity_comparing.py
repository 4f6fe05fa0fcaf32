"""A whole comparison, with a published side that answers like ours until it is spoilt."""

from __future__ import annotations

from typing import Any

import pytest
from small_case import LikeOurs, small

from parity.comparing import Comparison, compare
from parity.page import block

pytestmark = pytest.mark.usefixtures("short_search")


def compared(spoil: Any = lambda answers: None) -> Comparison:
    return compare(small(), LikeOurs(spoil))  # type: ignore[arg-type]


def other_class(answers: dict[str, Any]) -> None:
    predicted = answers["zero-shot-double"]["coder"]
    predicted[7] = (predicted[7] + 1) % 6


def other_count(answers: dict[str, Any]) -> None:
    answers["zero-shot-half"]["accuracies"][1] += 0.01


def other_accuracies(answers: dict[str, Any]) -> None:
    answers["few-shot-searched"]["points"][:, 2] += 100 * 2 / 12


def one_point(answers: dict[str, Any]) -> None:
    answers["few-shot-searched"]["points"][0, 2] += 100 / 12


def test_what_is_equal_agrees_image_by_image() -> None:
    comparison = compared()
    assert comparison.holds
    assert len(comparison.agreements) == 14
    assert not any(one.apart for one in comparison.agreements)
    assert (comparison.search.unequal, comparison.search.by) == (0, 0)
    assert comparison.search.published == comparison.search.ours
    assert comparison.search.sweep[1].accuracy >= comparison.search.accuracy


def test_one_other_class_is_found_and_told() -> None:
    comparison = compared(other_class)
    assert not comparison.holds
    [spoilt] = [one for one in comparison.agreements if one.apart]
    assert spoilt.what == "CODER, double precision"
    assert [one.image for one in spoilt.apart] == [7]
    assert "; 1 APART |" in block([comparison])


def test_a_count_that_is_not_that_of_the_predictions_is_found() -> None:
    comparison = compared(other_count)
    assert [one.what for one in comparison.agreements if not one.holds] == ["CODER*, half precision"]


@pytest.mark.parametrize("spoil", [other_accuracies, one_point])
def test_points_of_the_search_that_differ_are_counted(spoil: Any) -> None:
    comparison = compared(spoil)
    assert not comparison.search.holds
    assert comparison.search.unequal == {other_accuracies: 3, one_point: 1}[spoil]
    assert comparison.search.by > 0
