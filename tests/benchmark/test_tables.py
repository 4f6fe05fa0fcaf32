"""Tables of settings whose accuracy is known by counting."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from measured_by_hand import measured

from clipcoder.benchmark import tables as module
from clipcoder.benchmark.layout import Cell, Table
from clipcoder.benchmark.measured import Measured
from clipcoder.benchmark.tables import AVERAGE, By
from clipcoder.errors import UnknownNameError

CLIP = measured("clip", 12, texts="names")
WAFFLE = measured("waffle", (10, 12, 14), texts="random words")
CODER = measured("coder", 16)


def tables(settings: Sequence[Measured], by: By = "shots", **options: str) -> tuple[Table, ...]:
    return module.tables(settings, by=by, resamples=200, **options)  # type: ignore[arg-type]


def cell(table: Table, method: str, column: str, measure: str = "accuracy", texts: str = "wordnet") -> Cell:
    (panel,) = [panel for panel in table.panels if panel.measure == measure]
    labels = (method, texts)[: len(table.headings)]
    (line,) = [line for line in panel.lines if line.labels == labels]
    found = line.cells[table.columns.index(column)]
    assert found is not None
    return found


def test_zero_shot_methods_have_an_accuracy_and_gains() -> None:
    (table,) = tables([CODER, WAFFLE, CLIP])
    assert table.title == "Pets, test images, starter, zero-shot"
    assert table.facts == {"protocol": "strict", "encoder": "starter", "evaluated": "test", "dataset": "pets"}
    assert [panel.measure for panel in table.panels] == ["accuracy", "gain over clip", "gain over waffle"]
    assert cell(table, "coder", "0").value == 0.8
    assert cell(table, "coder", "0", "gain over clip").value == pytest.approx(0.2)
    assert cell(table, "coder", "0", "gain over waffle").value == pytest.approx(0.2)


def test_baseline_and_control_come_first_and_are_not_compared_with_themselves() -> None:
    (table,) = tables([CODER, WAFFLE, CLIP])
    methods = [[line.labels[0] for line in panel.lines] for panel in table.panels]
    assert methods == [["clip", "waffle", "coder"], ["waffle", "coder"], ["clip", "coder"]]


def test_only_the_best_of_a_column_is_marked() -> None:
    (table,) = tables([CODER, WAFFLE, CLIP, measured("coder", 16, texts="cupl")])
    assert [line.cells[0].best for line in table.panels[0].lines if line.cells[0]] == [
        False,
        False,
        True,
        True,
    ]


def test_few_shot_methods_have_a_table_of_their_own_and_gain_over_what_has_no_shots() -> None:
    zero, few = tables([CLIP, measured("gda", (14, 16), shots=1), measured("gda", (18, 20), shots=16)])
    assert (zero.columns, few.columns) == (("0",), ("1", "16"))
    assert few.title == "Pets, test images, starter, few-shot"
    assert cell(few, "gda", "16").value == pytest.approx(0.95)
    assert cell(few, "gda", "16", "gain over clip").value == pytest.approx(0.35)
    assert cell(few, "gda", "16").seeds == 2


def test_a_baseline_with_as_many_shots_is_preferred() -> None:
    few = [measured("tip-adapter", (14, 14), shots=4), measured("gda", (17, 17), shots=4)]
    _, table = tables([measured("tip-adapter", 10), *few], baseline="tip-adapter")
    assert table.title.endswith("4 shots")
    assert cell(table, "gda", "4", "gain over tip-adapter").value == pytest.approx(0.15)


def test_a_baseline_on_the_same_texts_is_preferred() -> None:
    settings = [measured("coder", 10, texts="cupl"), CODER, measured("equidistant", 18)]
    (table,) = tables(settings, baseline="coder")
    assert cell(table, "equidistant", "0", "gain over coder").value == pytest.approx(0.1)


def test_a_control_with_the_rule_of_the_method_is_preferred() -> None:
    settings = [
        WAFFLE,
        measured("waffle-equidistant", (13, 15)),
        CODER,
        measured("equidistant* [top_k 3]", 18),
    ]
    zero, few = tables([*settings, measured("auto", (17, 17), shots=1)])
    assert cell(zero, "equidistant* [top_k 3]", "0", "gain over waffle").value == pytest.approx(0.2)
    assert cell(zero, "coder", "0", "gain over waffle").value == pytest.approx(0.2)
    assert cell(few, "auto", "1", "gain over waffle").value == pytest.approx(0.15)
    named = "In place of waffle, waffle-equidistant is what {} gain over"
    assert named.format("equidistant* [top_k 3]") in zero.notes
    assert named.format("auto") in few.notes


def test_a_control_is_not_compared_with_itself() -> None:
    own = measured("waffle-equidistant", (13, 15))
    (with_another,) = tables([WAFFLE, own, CODER])
    assert cell(with_another, "waffle-equidistant", "0", "gain over waffle").value == pytest.approx(0.1)
    (alone,) = tables([own, measured("equidistant", 18)])
    assert [line.labels[0] for line in alone.panels[1].lines] == ["equidistant"]


def test_without_a_baseline_there_are_no_gains_and_a_note_says_so() -> None:
    (table,) = tables([CODER])
    assert [panel.measure for panel in table.panels] == ["accuracy"]
    assert "Without a row of clip, gains over it are unknown" in table.notes


@pytest.mark.parametrize("option", ["baseline", "control"])
def test_a_method_that_has_no_row_is_refused_as_a_baseline(option: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown method among the rows 'code': did you mean 'coder'"):
        tables([CODER], **{option: "code"})


def test_p_values_are_corrected_for_the_comparisons_of_a_panel() -> None:
    (alone,) = tables([CLIP, CODER])
    (among,) = tables([CLIP, CODER, *(measured(f"other {i}", 12 + i % 3) for i in range(9))])
    one, ten = (cell(table, "coder", "0", "gain over clip").p_value for table in (alone, among))
    assert one is not None
    assert ten == pytest.approx(min(10 * one, 1))
    assert any("for the 10 comparisons of a panel" in note for note in among.notes)
    assert any("for one comparison" in note for note in alone.notes)


def test_protocols_are_never_in_one_table() -> None:
    strict, reference = tables([measured("coder", 20, protocol="reference"), CODER])
    assert (strict.facts["protocol"], reference.facts["protocol"]) == ("strict", "reference")
    assert reference.title.endswith("REFERENCE PROTOCOL")
    assert any("cannot be compared with those of the strict protocol" in note for note in reference.notes)
    assert cell(strict, "coder", "0").value == 0.8


def test_encoders_are_never_in_one_table() -> None:
    first, second = tables([CODER, measured("coder", 20, encoder="RN50/openai")])
    assert (first.facts["encoder"], second.facts["encoder"]) == ("starter", "RN50/openai")


def test_data_sets_are_columns_with_an_average() -> None:
    settings = [CLIP, CODER, measured("clip", 8, dataset="cars", texts="names")]
    (table,) = tables([*settings, measured("coder", 10, dataset="cars")], by="dataset")
    assert table.columns == ("pets", "cars", AVERAGE)
    assert table.title == "All data sets, test images, starter, zero-shot"
    assert cell(table, "coder", AVERAGE).value == pytest.approx(0.65)
    assert cell(table, "coder", AVERAGE, "gain over clip").value == pytest.approx(0.15)


def test_an_average_is_of_all_data_sets_or_not_there() -> None:
    (table,) = tables([CLIP, CODER, measured("clip", 8, dataset="cars", texts="names")], by="dataset")
    coder = table.panels[0].lines[1]
    assert coder.labels == ("coder", "wordnet")
    assert coder.cells[1:] == (None, None)
    assert "–: not measured" in table.notes


def test_several_data_sets_by_shots_have_a_table_each_and_one_for_their_average() -> None:
    titles = [table.title for table in tables([CLIP, measured("clip", 8, dataset="cars", texts="names")])]
    assert titles == [
        "Pets, test images, starter, zero-shot",
        "Cars, test images, starter, zero-shot",
        "Average of all data sets, test images, starter, zero-shot",
    ]


def test_texts_are_columns() -> None:
    (table,) = tables([CODER, measured("coder", 18, texts="cupl"), CLIP], by="texts")
    assert (table.headings, table.columns) == (("method",), ("names", "wordnet", "cupl"))
    assert cell(table, "coder", "cupl").value == 0.9
    assert cell(table, "coder", "cupl", "gain over clip").value == pytest.approx(0.3)


def test_a_cell_of_fewer_seeds_is_marked() -> None:
    (table,) = tables([measured("gda", (14, 15, 16), shots=1), measured("ape", (14, 15), shots=1)])
    assert (cell(table, "gda", "1").incomplete, cell(table, "ape", "1").incomplete) == (False, True)
    assert "†: fewer seeds than others" in table.notes


def test_notes_tell_of_images_that_failed_and_of_rows_made_again() -> None:
    (table,) = tables([measured("coder", 16, n_failed=1, n_older=2), CLIP])
    assert "1 image could not be read and counts as wrong" in table.notes
    assert "2 rows were made again later: the newest count" in table.notes


def test_notes_are_of_the_rows_that_are_shown() -> None:
    zero, few = tables([CLIP, measured("gda", (14, 15), shots=1, n_failed=3)])
    assert "3 images could not be read and count as wrong" in few.notes
    assert not any("could not be read" in note for note in zero.notes)
    assert any("bootstrap over 20 images;" in note for note in zero.notes)
    assert any("bootstrap over 20 images and 2 seeds;" in note for note in few.notes)


def test_nothing_measured_is_no_table() -> None:
    assert tables([]) == ()
