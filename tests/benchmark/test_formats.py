"""Tables as text, to the last character."""

from __future__ import annotations

import csv
import io

from clipcoder.benchmark.formats import as_csv, latex, markdown
from clipcoder.benchmark.layout import Cell, Line, Panel, Table

FACTS = {"protocol": "strict", "dataset": "pets"}

FEW_SHOT = Table(
    title="Pets_2, 50 % & more",
    facts=FACTS,
    headings=("method", "texts"),
    axis="shots",
    columns=("1", "16"),
    panels=(
        Panel(
            "accuracy",
            (
                Line(("auto", "wordnet"), (Cell(0.5, (0.4, 0.6), 3), Cell(0.9, (0.85, 1.0), 3, best=True))),
                Line(("coder*", "a|b"), (None, Cell(0.8, (0.7, 0.9), 2, incomplete=True))),
            ),
        ),
        Panel(
            "gain over clip",
            (
                Line(
                    ("auto", "wordnet"),
                    (Cell(-0.1, (-0.2, 0.0), 3, p_value=0.05), Cell(0.3, (0.2, 0.4), 3, p_value=0.01)),
                ),
            ),
        ),
    ),
    notes=("–: not measured", "a note on coder* and equidistant*"),
)

ZERO_SHOT = Table(
    title="Pets",
    facts=FACTS,
    headings=("method", "texts"),
    axis="shots",
    columns=("0",),
    panels=(
        Panel("accuracy", (Line(("clip", ""), (Cell(0.6),)), Line(("coder", "wn"), (Cell(0.7, best=True),)))),
        Panel("gain over clip", (Line(("coder", "wn"), (Cell(0.1, (-0.0001, 0.2), p_value=0.2),)),)),
    ),
)


def test_markdown_has_a_heading_panels_and_notes() -> None:
    assert markdown([FEW_SHOT]) == (
        "### Pets_2, 50 % & more\n"
        "\n"
        "**Accuracy, %**\n"
        "\n"
        "| method | texts | 1 shot | 16 shots |\n"
        "| --- | --- | ---: | ---: |\n"
        "| auto | wordnet | 50.0 (40.0 to 60.0) | **90.0** (85.0 to 100.0) |\n"
        "| coder\\* | a\\|b | – | 80.0† (70.0 to 90.0) |\n"
        "\n"
        "**Gain over clip, %**\n"
        "\n"
        "| method | texts | 1 shot | 16 shots |\n"
        "| --- | --- | ---: | ---: |\n"
        "| auto | wordnet | −10.0 (−20.0 to +0.0) | +30.0\\* (+20.0 to +40.0) |\n"
        "\n"
        "- –: not measured\n"
        "- a note on coder\\* and equidistant\\*\n"
    )


def test_panels_of_one_column_stand_side_by_side() -> None:
    assert markdown([ZERO_SHOT]) == (
        "### Pets\n"
        "\n"
        "| method | texts | accuracy, % | gain over clip, % |\n"
        "| --- | --- | ---: | ---: |\n"
        "| clip |  | 60.0 |  |\n"
        "| coder | wn | **70.0** | +10.0 (+0.0 to +20.0) |\n"
    )


def test_tables_are_apart() -> None:
    assert markdown([ZERO_SHOT, ZERO_SHOT]) == f"{markdown([ZERO_SHOT])}\n{markdown([ZERO_SHOT])}"


def test_latex_escapes_what_tex_would_read() -> None:
    assert latex([FEW_SHOT]) == "\n".join(
        [
            r"\begin{table}",
            r"\centering",
            r"\caption{Pets\_2, 50 \% \& more}",
            r"\begin{tabular}{llrr}",
            r"\toprule",
            r"method & texts & 1 shot & 16 shots \\",
            r"\midrule",
            r"\multicolumn{4}{l}{\emph{Accuracy, \%}} \\",
            r"auto & wordnet & 50.0 (40.0 to 60.0) & \textbf{90.0} (85.0 to 100.0) \\",
            r"coder* & a|b & -- & 80.0\dag{} (70.0 to 90.0) \\",
            r"\midrule",
            r"\multicolumn{4}{l}{\emph{Gain over clip, \%}} \\",
            r"auto & wordnet & \ensuremath{-}10.0 (\ensuremath{-}20.0 to +0.0) & +30.0* (+20.0 to +40.0) \\",
            r"\bottomrule",
            r"\end{tabular}",
            r"\par\footnotesize --: not measured",
            r"\par\footnotesize a note on coder* and equidistant*",
            r"\end{table}",
            "",
        ]
    )


def test_csv_has_a_line_for_each_number_and_each_gap() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv([FEW_SHOT, ZERO_SHOT]))))
    assert len(rows) == 6 + 3
    assert rows[0] == {
        "protocol": "strict",
        "dataset": "pets",
        "method": "auto",
        "texts": "wordnet",
        "shots": "1",
        "measure": "accuracy",
        "value": "0.5",
        "low": "0.4",
        "high": "0.6",
        "seeds": "3",
        "p": "",
    }
    gap, gain = rows[2], rows[5]
    assert (gap["method"], gap["value"], gap["low"], gap["seeds"]) == ("coder*", "", "", "0")
    assert (gain["measure"], gain["value"], gain["p"]) == ("gain over clip", "0.3", "0.01")


def test_no_tables_are_no_text() -> None:
    assert (markdown([]), latex([]), as_csv([])) == ("", "", "")
