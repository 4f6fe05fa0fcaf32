"""Whether two spellings mean the same class: lists, folders and people write each in a way of their own."""

from __future__ import annotations

import re

from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.errors import InvalidInputError


def name_key(name: str) -> str:
    """Return what the spellings of a class share: its words, whatever their order, case, number and joints.

    >>> name_key("2012 Acura RL Sedan") == name_key("Acura RL Sedan 2012")
    True
    >>> name_key("shopping_mall/indoor") == name_key("indoor shopping mall")
    True
    """
    words = re.sub(r"[\W_]+", " ", name.casefold()).split()
    return " ".join(sorted(word.removesuffix("s") for word in words))


def check_label(facts: DatasetFacts, label: int, name: str, source: str) -> None:
    """Refuse a class that the list of class names has otherwise.

    Args:
        facts: the data set.
        label: the class by its number.
        name: the class by its name.
        source: where both are written, for messages.

    Raises:
        InvalidInputError: the number is none, or means another class.
    """
    classes = facts.classes
    if not 0 <= label < len(classes):
        raise InvalidInputError(
            f"{source} has the label {label}, but {facts.title} has {len(classes)} classes, numbered from 0; "
            f"fetch it again from {facts.split_address}"
        )
    if name_key(name) not in map(name_key, classes[label]):
        raise InvalidInputError(
            f"{source} calls class {label} {name!r}, but the classes of {facts.title} have "
            f"{classes[label].name!r} there; fetch the list that belongs to them from {facts.split_address}"
        )
