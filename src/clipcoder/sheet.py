"""A contact sheet: thumbnails in a grid, each with its label, how sure it is, and what came second.

The sheet is one picture of bounded size, whatever the number of images: at most ``limit`` tiles are drawn,
and a note at the foot says how many there were. Pillow draws it with the font that it carries, which has
Latin, Greek and Cyrillic letters; other scripts appear as boxes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont, ImageOps

from clipcoder.encoders.base import ImageInput
from clipcoder.encoders.images import open_image
from clipcoder.errors import InvalidInputError, UnreadableImageError

PHOTO = (264, 198)
"""Width and height, in pixels, of the box that a photo is fitted into."""

PAD = 14
GAP = 20
TILE = (PHOTO[0] + 2 * PAD, PHOTO[1] + 2 * PAD + 84)
FOOT = 36
MAX_COLUMNS = 10
MAX_TILES = 200

PAPER = "#eceae4"
CARD = "#ffffff"
MAT = "#f4f3ef"
INK = "#1d2321"
QUIET = "#6d7672"
TRACK = "#e3e6e2"
SURE = "#2b7a5b"
UNSURE = "#c98a1b"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Tile:
    """One image of the sheet and what to write under it; probabilities are in [0, 1]."""

    image: ImageInput
    label: str
    probability: float
    runner_up: str = ""
    runner_up_probability: float = 0.0
    caption: str = ""


def contact_sheet(
    tiles: Sequence[Tile], *, columns: int | None = None, limit: int = MAX_TILES
) -> Image.Image:
    """Draw the tiles, row by row in their order.

    Args:
        tiles: what to draw; an image that cannot be read any more leaves its mat empty.
        columns: tiles in a row; by default the grid is about square, at most ten wide.
        limit: the largest number of tiles that are drawn.

    Returns:
        An RGB image. The same tiles give the same pixels.

    Raises:
        InvalidInputError: there is no tile, or ``columns`` or ``limit`` is below 1.

    Example:
        >>> red = Image.new("RGB", (40, 30), "red")
        >>> sheet = contact_sheet([Tile(red, "tomato", 0.9, "sky", 0.1, "red.png")])
        >>> sheet.size
        (332, 350)
    """
    if not tiles:
        raise InvalidInputError("a contact sheet needs at least one image, got none")
    if limit < 1 or (columns is not None and columns < 1):
        raise InvalidInputError(f"columns and limit must be at least 1, got {columns} and {limit}")
    shown = tiles[:limit]
    across = min(columns or min(math.ceil(math.sqrt(len(shown))), MAX_COLUMNS), len(shown))
    down = math.ceil(len(shown) / across)
    note = f"The first {len(shown):,} of {len(tiles):,} images" if len(tiles) > len(shown) else ""
    size = (
        GAP + across * (TILE[0] + GAP),
        GAP + down * (TILE[1] + GAP) + (FOOT if note else 0),
    )
    sheet = Image.new("RGB", size, PAPER)
    for position, tile in enumerate(shown):
        row, column = divmod(position, across)
        _draw_tile(sheet, GAP + column * (TILE[0] + GAP), GAP + row * (TILE[1] + GAP), tile)
    if note:
        draw = ImageDraw.Draw(sheet)
        font = ImageFont.load_default(16)
        draw.text((GAP, size[1] - FOOT - 4), _fit(draw, note, font, size[0] - 2 * GAP), QUIET, font)
    return sheet


def _draw_tile(sheet: Image.Image, left: int, top: int, tile: Tile) -> None:
    draw = ImageDraw.Draw(sheet)
    draw.rounded_rectangle((left, top, left + TILE[0] - 1, top + TILE[1] - 1), 8, CARD)
    _paste_photo(sheet, left + PAD, top + PAD, tile.image)
    colour = SURE if tile.probability >= 0.5 else UNSURE
    y = top + PAD + PHOTO[1] + 12
    _write_pair(draw, left + PAD, y, (tile.label, INK), (_per_cent(tile.probability), colour), 19)
    _draw_bar(draw, left + PAD, y + 28, tile.probability, colour)
    if tile.runner_up:
        second = _per_cent(tile.runner_up_probability)
        _write_pair(draw, left + PAD, y + 40, (f"then {tile.runner_up}", QUIET), (second, QUIET), 14)
    _write_pair(draw, left + PAD, y + 61, (tile.caption, QUIET), ("", QUIET), 12)


def _paste_photo(sheet: Image.Image, left: int, top: int, source: ImageInput) -> None:
    sheet.paste(MAT, (left, top, left + PHOTO[0], top + PHOTO[1]))
    try:
        photo = ImageOps.contain(open_image(source), PHOTO)
    except UnreadableImageError:
        return
    sheet.paste(photo, (left + (PHOTO[0] - photo.width) // 2, top + (PHOTO[1] - photo.height) // 2))


def _draw_bar(draw: ImageDraw.ImageDraw, left: int, top: int, share: float, colour: str) -> None:
    draw.rounded_rectangle((left, top, left + PHOTO[0] - 1, top + 5), 3, TRACK)
    width = round(PHOTO[0] * min(max(share, 0.0), 1.0))
    if width >= 6:  # a rounded bar narrower than its own ends cannot be drawn
        draw.rounded_rectangle((left, top, left + width - 1, top + 5), 3, colour)


def _write_pair(
    draw: ImageDraw.ImageDraw, left: int, top: int, words: tuple[str, str], figure: tuple[str, str], size: int
) -> None:
    """Write the words at the left edge, shortened to leave room for the figure at the right edge."""
    font = ImageFont.load_default(size)
    width = draw.textlength(figure[0], font)
    draw.text((left + PHOTO[0] - width, top), figure[0], figure[1], font)
    room = PHOTO[0] - width - (10 if width else 0)
    draw.text((left, top), _fit(draw, words[0], font, room), words[1], font)


def _fit(draw: ImageDraw.ImageDraw, text: str, font: Font, room: float) -> str:
    """Return the text on one line, cut in its middle where too wide: file names differ at their ends."""
    text = " ".join(text.split())
    if draw.textlength(text, font) <= room:
        return text
    for kept in range(len(text) - 1, 1, -1):
        short = f"{text[: (kept + 1) // 2].rstrip()}…{text[len(text) - kept // 2 :].lstrip()}"
        if draw.textlength(short, font) <= room:
            return short
    return "…"


def _per_cent(share: float) -> str:
    return f"{share:.0%}"
