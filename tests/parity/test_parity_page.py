from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clipcoder.adapters.sweep import AlphaChoice
from clipcoder.errors import InvalidInputError
from parity import page
from parity.agreement import Agreement, Apart
from parity.comparing import Comparison
from parity.differences import Changed, Difference
from parity.search import SearchAgreement

SEARCH = SearchAgreement(
    75000, 2, 1, 0.0004, (1.5, 2.5), (1.5, 2.5), 0.7, (8.0, AlphaChoice(3.0, 0.8, 2.0, 4.0, 0.1))
)
TABLE = (
    Difference("none", {"CODER": Changed(0, 30)}),
    Difference("underscores stay in class names", {"CODER": Changed(4, 28)}),
)
SAME = Comparison(
    "toys", 40, (Agreement("CODER", 40, 30, 30, 30, ()),), SEARCH, {"no threshold": "KeyError"}, TABLE, TABLE
)


def test_all_is_told_in_tables() -> None:
    written = page.block([SAME])
    assert "| CODER | 30 = 30 |" in written
    assert "No image is apart." in written
    assert (
        "| toys | 74,998 of 75,000 | 1 image, 0.0004 points | 1.50, 2.50 | 1.50, 2.50 | 70.0 | 80.0 at"
        in written
    )
    assert "| **none of these** | | 75.0 |\n| underscores stay in class names | 4 | 70.0 |" in written
    assert written.endswith("in its table: `KeyError`")


def test_ties_are_listed_with_how_little_decides() -> None:
    tied = Agreement("CODER", 40, 30, 30, 29, (Apart(3, 1, 2, 0.0002), Apart(9, 1, 2, 0.0001)))
    written = page.block([replace(SAME, agreements=(tied,), stops={})])
    assert "30, 29; 2 tied" in written
    assert "| toys | CODER | 2 | 0.0002 | 3, 9 |" in written
    assert written.endswith("- nowhere")


def test_only_what_lies_between_the_marks_is_written(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.written(path, "new")
    page.written(path, "newer")
    assert path.read_text() == f"before\n{page.BEGIN}\nnewer\n{page.END}\nafter\n"


@pytest.mark.parametrize("text", [None, "no marks", f"{page.END}\n{page.BEGIN}"])
def test_a_page_without_a_place_for_it_is_left_alone(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "page.md"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InvalidInputError, match="must be a page with the lines"):
        page.written(path, "new")
    assert (path.read_text() if path.exists() else None) == text
