"""Published figures beside ours: only where they are of the same model, data set and split."""

from __future__ import annotations

from dataclasses import replace

import pytest
from measured_by_hand import measured

from clipcoder.benchmark.comparing import comparisons
from clipcoder.benchmark.published import PublishedFigure, Source, published_figures

SOURCE = Source("theirs", "A paper", "Table 1", "a repository at 0123456", "one draw")
FIGURES = [
    PublishedFigure("RN50/openai", "pets", "gda", 1, 0.7, SOURCE),
    PublishedFigure("RN50/openai", "pets", "gda", 16, 0.9, SOURCE),
    PublishedFigure("RN50/openai", "pets", "clip", 0, 0.6, SOURCE),
    PublishedFigure("RN50/openai", "cars", "clip", 0, 0.5, SOURCE),
]


def test_ours_stands_below_theirs_of_the_same_method() -> None:
    gda = measured("gda", (16, 18), shots=16, encoder="RN50/openai")
    auto = measured("auto", (18, 18), shots=4, encoder="RN50/openai")
    (table,) = comparisons([auto, gda], FIGURES, resamples=50)
    assert table.title == "Pets, RN50/openai: published and ours"
    assert table.columns == ("0", "1", "4", "16")
    (panel,) = table.panels
    assert [line.labels for line in panel.lines] == [
        ("clip", "published: theirs"),
        ("gda", "published: theirs"),
        ("gda", "ours, wordnet"),
        ("auto", "ours, wordnet"),
    ]
    values = [[cell and round(cell.value, 2) for cell in line.cells] for line in panel.lines]
    assert values == [
        [0.6, None, None, None],
        [None, 0.7, None, 0.9],
        [None, None, None, 0.85],
        [None, None, 0.9, None],
    ]


def test_theirs_has_no_interval_and_ours_has_one() -> None:
    (table,) = comparisons([measured("clip", 12, encoder="RN50/openai")], FIGURES, resamples=50)
    theirs, ours, _ = (line.cells[0] for line in table.panels[0].lines)
    assert theirs is not None and ours is not None
    assert theirs.interval is None
    assert ours.interval is not None


def test_a_note_says_where_a_figure_stands_and_how_it_was_made() -> None:
    (table,) = comparisons([measured("clip", 12, encoder="RN50/openai")], FIGURES, resamples=50)
    assert table.notes[1] == "theirs: A paper: Table 1 (a repository at 0123456); one draw"


@pytest.mark.parametrize("name", ["RN50/openai@0123abc", "open_clip:RN50/openai"])
def test_a_model_is_the_same_at_any_revision_and_by_any_backend(name: str) -> None:
    assert len(comparisons([measured("clip", 12, encoder=name)], FIGURES, resamples=50)) == 1


def test_another_model_or_split_is_not_compared() -> None:
    val = measured("clip", 12, encoder="RN50/openai")
    val = replace(val, setting=replace(val.setting, evaluated="val"))
    assert comparisons([val, measured("clip", 12)], FIGURES) == ()


def test_rows_of_the_reference_protocol_are_marked() -> None:
    ours = measured("gda", (16, 17), shots=1, encoder="RN50/openai", protocol="reference")
    (table,) = comparisons([ours], FIGURES, resamples=50)
    assert ("gda", "ours, wordnet, REFERENCE PROTOCOL") in [line.labels for line in table.panels[0].lines]


def test_everything_has_a_table_for_each_model_and_data_set() -> None:
    tables = comparisons([], FIGURES, everything=True)
    assert [table.title for table in tables] == [
        "pets, RN50/openai: published and ours",
        "cars, RN50/openai: published and ours",
    ]


def test_all_that_the_package_knows_can_be_shown() -> None:
    tables = comparisons([], published_figures(), everything=True)
    cells = [cell for table in tables for line in table.panels[0].lines for cell in line.cells if cell]
    assert len(cells) == len(published_figures())
