"""CoOp's lists: a JSON file with the images of train, val and test, beside the folder of images.

The lists are those of Zhou, Yang, Loy, Liu: Learning to Prompt for Vision-Language Models (IJCV 2022), which
most papers on few-shot CLIP share.
"""

from __future__ import annotations

import json
from typing import Any

from clipcoder.data.dataset import SPLITS
from clipcoder.data.datasets_catalog import DatasetFacts
from clipcoder.data.layouts.naming import check_label
from clipcoder.data.layouts.rows import Contents, Rows
from clipcoder.data.layouts.tables import needed
from clipcoder.data.trees.overlay import Overlay
from clipcoder.data.trees.tree import checked_path
from clipcoder.errors import InvalidInputError


def read_coop(facts: DatasetFacts, tree: Overlay) -> Contents:
    """Read a list of splits.

    Returns:
        The images in the order of the list, each by its path below the folder of images.

    Raises:
        InvalidInputError: the list is not what it should be, or its classes are others.
    """
    source = f"'{tree.place(facts.split_file)}'"
    document = _document(facts, needed(facts, tree, facts.split_file), source)
    rows = {split: _rows(facts, document[split], source) for split in SPLITS}
    return Contents(facts, tree, rows, source, facts.images)


def _document(facts: DatasetFacts, raw: bytes, source: str) -> dict[str, list[Any]]:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _corrupt(facts, source, f"it is no JSON ({str(error).splitlines()[0]})") from error
    for split in SPLITS:
        if not isinstance(document, dict) or not isinstance(document.get(split), list):
            raise _corrupt(facts, source, f"there is no list {split}")
    return document  # type: ignore[no-any-return]


def _rows(facts: DatasetFacts, listed: list[Any], source: str) -> Rows:
    keys: list[str] = []
    labels: list[int] = []
    known: set[tuple[int, str]] = set()
    for row in listed:
        match row:
            case [str(path), int(label), str(name)] if not isinstance(label, bool):
                if (label, name) not in known:
                    check_label(facts, label, name, source)
                    known.add((label, name))
                keys.append(checked_path(path, source))
                labels.append(label)
            case _:
                raise _corrupt(facts, source, f"it has the row {str(row)[:60]}")
    return Rows(keys, labels)


def _corrupt(facts: DatasetFacts, source: str, reason: str) -> InvalidInputError:
    return InvalidInputError(
        f"{source} must hold the lists train, val and test of [path, label, class name], but {reason}; "
        f"fetch it again from {facts.split_address}"
    )
