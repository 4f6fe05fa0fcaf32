"""What every encoder takes: lists, never a single text or image in place of one."""

from __future__ import annotations

import os
from collections.abc import Sequence

from PIL import Image

from clipcoder.encoders.base import ImageInput
from clipcoder.errors import InvalidInputError


def listed_texts(texts: Sequence[str]) -> list[str]:
    """Return the texts as a list.

    Raises:
        InvalidInputError: a single text instead of a list, whose letters would be taken for texts; or an item
            that is no text.

    Example:
        >>> listed_texts(("a cat", "a dog"))
        ['a cat', 'a dog']
    """
    if isinstance(texts, (str, bytes)):
        raise InvalidInputError("texts must be a list of texts, got a single one; put it into a list: [text]")
    listed = list(texts)
    for position, text in enumerate(listed):
        if not isinstance(text, str):
            raise InvalidInputError(
                f"texts must be a list of str, but item {position} is a {type(text).__name__}; leave it out"
            )
    return listed


def listed_images(images: Sequence[ImageInput]) -> list[ImageInput]:
    """Return the images as a list; they are not opened.

    Raises:
        InvalidInputError: a single image instead of a list.
    """
    if isinstance(images, (str, bytes, os.PathLike, Image.Image)):
        raise InvalidInputError(
            "images must be a list of images, got a single one; put it into a list: [image]"
        )
    return list(images)
