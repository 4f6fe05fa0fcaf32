"""What every encoder takes: lists, never a single text or image in place of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clipcoder.encoders.base import IMAGE_TYPES, ImageInput
from clipcoder.errors import InvalidInputError


def listed_texts(texts: Sequence[str]) -> list[str]:
    """Return the texts as a list.

    Raises:
        InvalidInputError: a single text instead of a list, whose letters would be taken for texts; or an item
            that is no text, or half of one of its characters.

    Example:
        >>> listed_texts(("a cat", "a dog"))
        ['a cat', 'a dog']
    """
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
        raise InvalidInputError(
            f"texts must be a list of texts, got a single {type(texts).__name__}; put it into a list: [text]"
        )
    listed = list(texts)
    for position, text in enumerate(listed):
        if not isinstance(text, str):
            raise InvalidInputError(
                f"texts must be a list of str, but item {position} is a {type(text).__name__}; leave it out"
            )
        if not _is_whole(text):
            raise InvalidInputError(
                f"texts must be Unicode, but item {position} ({text!a:.60}) holds half of a character; "
                "read it again with the right encoding, or leave it out"
            )
    return listed


def listed_images(images: Iterable[ImageInput]) -> list[ImageInput]:
    """Return the images as a list; they are not opened.

    Raises:
        InvalidInputError: no list, such as a single image.
    """
    check_several(images)
    return list(images)


def check_several(images: Iterable[ImageInput]) -> None:
    """Refuse a single image, or anything else that is no collection of them.

    Raises:
        InvalidInputError: it is none.
    """
    if isinstance(images, IMAGE_TYPES) or not isinstance(images, Iterable):
        raise InvalidInputError(
            f"images must be a list of images, got a single {type(images).__name__}; put it into a list: "
            "[image]"
        )


def check_batch_size(batch_size: int) -> None:
    """Refuse what is no number of rows to compute at a time.

    Raises:
        InvalidInputError: it is no whole number of at least 1.
    """
    if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
        raise InvalidInputError(f"batch_size must be a whole number of at least 1, got {batch_size!r}")


def _is_whole(text: str) -> bool:
    """Whether a text can be written down: undecodable names of files and cut emoji cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
