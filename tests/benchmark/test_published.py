"""Published figures: complete, citable, and equal to the averages that their papers state."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from clipcoder.benchmark.published import published_figures
from clipcoder.encoders.hub.catalog import catalog
from clipcoder.generators.catalog import catalogue_names

FIGURES = published_figures()


def test_every_figure_is_of_a_model_and_a_data_set_that_we_have() -> None:
    assert {figure.model for figure in FIGURES} <= {facts.name for facts in catalog()}
    assert {figure.dataset for figure in FIGURES} <= set(catalogue_names())


def test_every_figure_is_a_share_of_few_shots() -> None:
    assert all(0 < figure.accuracy < 1 for figure in FIGURES)
    assert {figure.shots for figure in FIGURES} == {0, 1, 2, 4, 8, 16}


def test_every_source_says_where_it_was_read_and_how_the_figures_were_made() -> None:
    for source in {figure.source for figure in FIGURES}:
        assert re.fullmatch(r"github\.com/[\w-]+/[\w-]+, .+ at [0-9a-f]{7}", source.read)
        assert source.paper and source.table and source.how


def test_no_source_says_two_things_of_one_cell() -> None:
    cells = Counter((f.source.name, f.model, f.dataset, f.method, f.shots) for f in FIGURES)
    assert set(cells.values()) == {1}


@pytest.mark.parametrize(
    ("source", "method", "one_shot", "sixteen_shots"),
    [
        ("tip-adapter", "tip-adapter", 62.33, 70.32),
        ("ape", "ape", 65.13, 73.36),
        ("gda", "gda", 62.19, 76.05),
    ],
)
def test_averages_over_eleven_data_sets_are_those_of_the_gda_paper(
    source: str, method: str, one_shot: float, sixteen_shots: float
) -> None:
    def average(shots: int) -> float:
        cells = [
            figure.accuracy
            for figure in FIGURES
            if (figure.source.name, figure.method, figure.shots) == (source, method, shots)
            and figure.model == "RN50/openai"
        ]
        assert len(cells) == 11
        return round(100 * float(np.mean(cells)), 2)

    assert (average(1), average(16)) == (one_shot, sixteen_shots)
