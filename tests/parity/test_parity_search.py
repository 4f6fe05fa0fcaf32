from __future__ import annotations

import numpy as np
import pytest
from small_case import encoded, records, small

from parity import search
from parity.ours import FewShot
from parity.wordings import Mistakes, Wordings


@pytest.fixture
def few() -> FewShot:
    case = small()
    wordings = Wordings.of(case.knowledge, records(case.knowledge))
    return FewShot.of(case, wordings, encoded(case, wordings), case.few.val[0], Mistakes())


def test_a_grid_leaves_its_end_out() -> None:
    assert search.grid(2, 4, 4) == [2.0, 2.5, 3.0, 3.5]


def test_the_images_that_are_right_are_counted_at_each_point(few: FewShot) -> None:
    labels = small().few.val[1]
    points = np.array([(1.0, 2.0), (3.0, 2.0), (0.5, 7.0)])
    counted = [
        int((few.logits(few.coder, *point).argmax(axis=1) == labels).sum()) for point in points.tolist()
    ]
    assert search.right_at(few, labels, points).tolist() == counted


@pytest.mark.usefixtures("short_search")
def test_the_search_goes_on_around_the_first_of_the_best_points(
    few: FewShot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[list[float]]] = []

    def best_is_the_sixth(few: FewShot, labels: object, points: search.Points) -> object:
        asked.append(points.tolist())
        return np.array([0] * 5 + [1] * (len(points) - 5))

    monkeypatch.setattr(search, "right_at", best_is_the_sixth)
    found = search.searched(few, small().few.val[1])
    assert [len(points) for points in asked] == [12, 12, 12]  # three alphas for each of four betas
    alpha, beta = asked[0][5]
    assert asked[1][0] == [0.5 * alpha, 0.5 * beta]
    assert list(found) == asked[2][5]
