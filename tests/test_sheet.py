"""The contact sheet: what is drawn where, its size, and that it is the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from clipcoder.errors import InvalidInputError
from clipcoder.sheet import CARD, FOOT, GAP, MAT, PAD, PHOTO, SURE, TILE, UNSURE, Tile, _fit, contact_sheet
from toy_encoder import plain, png

RED = (255, 0, 0)


def tile(probability: float = 0.9, **changes: object) -> Tile:
    return Tile(
        **{"image": plain(RED), "label": "tomato", "probability": probability, "runner_up": "sky", **changes}
    )


def pixels_of(sheet: Image.Image, colour: str) -> int:
    wanted = np.array(Image.new("RGB", (1, 1), colour).getpixel((0, 0)))
    return int((np.asarray(sheet) == wanted).all(axis=2).sum())


@pytest.mark.parametrize(
    ("count", "across", "down"), [(1, 1, 1), (2, 2, 1), (12, 4, 3), (150, 10, 15), (200, 10, 20)]
)
def test_the_grid_is_about_square_and_at_most_ten_wide(count: int, across: int, down: int) -> None:
    size = contact_sheet([tile()] * count).size
    assert size == (GAP + across * (TILE[0] + GAP), GAP + down * (TILE[1] + GAP))


def test_columns_can_be_chosen() -> None:
    assert contact_sheet([tile()] * 3, columns=3).height == TILE[1] + 2 * GAP
    assert contact_sheet([tile()] * 3, columns=9).width == contact_sheet([tile()] * 3, columns=3).width


def test_more_than_the_limit_is_cut_with_a_note() -> None:
    cut, whole = contact_sheet([tile()] * 9, limit=4), contact_sheet([tile()] * 4)
    assert cut.size == (whole.width, whole.height + FOOT)
    np.testing.assert_array_equal(np.asarray(cut)[: whole.height - 4], np.asarray(whole)[: whole.height - 4])
    foot = np.asarray(cut)[whole.height - 4 :]
    assert (foot != foot[-1, -1]).any(axis=2).sum() > 100


def test_a_photo_is_drawn_whole_and_centred() -> None:
    sheet = contact_sheet([tile(image=plain(RED, (100, 100)))])
    box = np.asarray(sheet)[GAP + PAD : GAP + PAD + PHOTO[1], GAP + PAD : GAP + PAD + PHOTO[0]]
    columns = np.flatnonzero((box == RED).all(axis=(0, 2)))
    assert len(columns) == PHOTO[1]
    assert columns[0] == PHOTO[0] - 1 - columns[-1]


@pytest.mark.parametrize(
    ("probability", "colour", "other"), [(0.9, SURE, UNSURE), (0.5, SURE, UNSURE), (0.49, UNSURE, SURE)]
)
def test_the_colour_says_whether_it_is_sure(probability: float, colour: str, other: str) -> None:
    sheet = contact_sheet([tile(probability)])
    assert pixels_of(sheet, colour) > 500
    assert pixels_of(sheet, other) == 0


def test_the_bar_is_as_long_as_the_probability() -> None:
    half, full = (pixels_of(contact_sheet([tile(p, label="", runner_up="")]), SURE) for p in (0.5, 1.0))
    assert full / half == pytest.approx(2, rel=0.1)


def test_label_runner_up_and_caption_are_written() -> None:
    bare = np.asarray(contact_sheet([tile(label="", runner_up="")]))
    for changes in ({"label": "tomato"}, {"runner_up": "sky"}, {"caption": "red.png"}):
        drawn = np.asarray(contact_sheet([tile(**{"label": "", "runner_up": "", **changes})]))
        assert (drawn != bare).any(axis=2).sum() > 50, changes


def test_the_same_tiles_give_the_same_bytes() -> None:
    tiles = [tile(0.3, caption="a.png"), tile(0.8, label="sky")]
    assert png(contact_sheet(tiles)) == png(contact_sheet(tiles))


def test_long_words_stay_inside_the_card() -> None:
    sheet = contact_sheet([tile(label="very " * 40, runner_up="long " * 40, caption="x" * 300)])
    margin = np.asarray(sheet)[GAP + PAD : GAP + TILE[1] - PAD, GAP + PAD + PHOTO[0] : GAP + TILE[0] - 1]
    assert (margin == Image.new("RGB", (1, 1), CARD).getpixel((0, 0))).all()


def test_long_file_names_keep_their_ends() -> None:
    draw, font = ImageDraw.Draw(Image.new("RGB", (1, 1))), ImageFont.load_default(12)
    short = _fit(draw, "holiday_in_the_mountains_0042.jpg", font, 120)
    assert draw.textlength(short, font) <= 120
    assert short.startswith("holiday")
    assert short.endswith("42.jpg")
    assert _fit(draw, "two\nlines", font, 500) == "two lines"
    assert _fit(draw, "wide", font, 1) == "…"


def test_an_image_that_has_gone_leaves_an_empty_mat(tmp_path: Path) -> None:
    sheet = contact_sheet([tile(image=tmp_path / "gone.png")])
    assert pixels_of(sheet, MAT) >= PHOTO[0] * PHOTO[1]


@pytest.mark.parametrize("settings", [{"limit": 0}, {"columns": 0}])
def test_impossible_grids_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError, match="must be at least 1"):
        contact_sheet([tile()], **settings)


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least one image"):
        contact_sheet([])
