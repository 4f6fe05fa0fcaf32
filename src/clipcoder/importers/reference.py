"""The knowledge that CODER's authors publish with their code: lists by the position of the class.

Their folder has a subfolder for each kind of knowledge and in it a file for each data set:
``attribute/DATASET.pkl`` and ``simile_class/DATASET.pkl`` are lists of lists of phrases,
``synonym/DATASET.json`` is a list of objects with the list ``syno``, and ``ovo_attribute/DATASET.json`` maps
a class and another one to what sets the first apart. All but the last say nothing of names: the class at a
position is the line of ``class_name/DATASET.txt`` in their ``datasets`` folder. Nothing is matched with the
user's classes by position, so that without these names such a file is of no use.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from clipcoder.bank.names import checked_names, name_key
from clipcoder.errors import InvalidInputError, UnknownNameError
from clipcoder.files import system_reason
from clipcoder.importers.class_lists import kind_of, lists_by_class
from clipcoder.importers.content import Content, LineKind
from clipcoder.importers.plain_pickle import read_pickle
from clipcoder.importers.reading import as_json, as_text, read_bytes

FOLDERS: Final[Mapping[str, LineKind]] = {
    "attribute": "attribute",
    "simile_class": "analogue",
    "synonym": "synonym",
    "ovo_attribute": "one_to_one",
}

_PICKLES: Final = (".pkl", ".pickle")
_PICKLE_START: Final = b"\x80"  # from protocol 2 on; no text in UTF-8 begins with it
_SYNONYMS: Final = "syno"
_NAME_FIELDS: Final = ("class_name", "class", "name")


def read_reference(path: Path, dataset: str | None = None, names_file: Path | None = None) -> Content:
    """Return the phrases of one data set.

    Args:
        path: the folder with the subfolders, or a single file in one of these.
        dataset: which data set, as its files are called; needed where there are several.
        names_file: the class names, one a line, in the order of the lists; None means
            ``class_name/DATASET.txt`` in the folder, beside it, or in ``datasets`` beside it.

    Raises:
        InvalidInputError: no such folder, no class names for lists by position, another number of them, or a
            file that cannot be read or has another structure.
        UnknownNameError: there is no such data set.
    """
    files = _chosen(_files_in(path) if path.is_dir() else [path], dataset, path)
    names = _Names(_root(path), files[0].stem, names_file)
    content = Content(path, "reference")
    for file in files:
        document = _document(file)
        kind = _kind_of(file, document)
        if kind == "one_to_one":
            _add_pairs(content, document, file)
        elif isinstance(document, list):
            _add_by_position(content, document, file, kind, names)
        else:
            for name, texts in lists_by_class(document, file):
                content.add_all(name, texts, kind)
    return content


def is_pickle(content: bytes, path: Path) -> bool:
    r"""Tell whether a file is a pickle, by its suffix or its first byte.

    >>> is_pickle(b"(lp0\n.", Path("pets.pkl")), is_pickle(b"{}", Path("pets.json"))
    (True, False)
    """
    return path.suffix.lower() in _PICKLES or content.startswith(_PICKLE_START)


def is_reference(document: Any, path: Path) -> bool:
    """Tell whether a JSON document is one of theirs, by its structure or by the folder that it is in.

    >>> [is_reference(document, Path("cats.json")) for document in ([{"syno": ["moggy"]}], {"cat": ["fur"]})]
    [True, False]
    """
    return path.absolute().parent.name in FOLDERS or _kind_by_structure(document) is not None


class _Names:
    """The class names of a data set, in the order of its lists."""

    def __init__(self, root: Path, dataset: str, file: Path | None) -> None:
        name = Path("class_name") / f"{dataset}.txt"
        beside = (root / name, root.parent / name, root.parent / "datasets" / name)
        self.file = file or next((path for path in beside if path.is_file()), None)

    def of(self, lists: Sequence[object], file: Path) -> tuple[str, ...]:
        """Return one name for each list of a file.

        Raises:
            InvalidInputError: there is no file of names, or it has another number of them.
        """
        if self.file is None:
            raise InvalidInputError(
                f"'{file}' lists texts by the position of the class and names none; give the class names in "
                "that order, one a line, as names_file (--names-file)"
            )
        lines = as_text(read_bytes(self.file), self.file).splitlines()
        names = checked_names(line.strip() for line in lines if line.strip())
        if len(names) != len(lists):
            raise InvalidInputError(
                f"'{file}' lists texts for {len(lists)} classes by their position, but '{self.file}' names "
                f"{len(names)}; give the names that belong to it as names_file (--names-file)"
            )
        return names


def _root(path: Path) -> Path:
    """Return the folder of the subfolders, of which a path may be a file."""
    place = Path(os.path.normpath(path.absolute()))  # the parent of what ends in ".." is another folder
    return place if path.is_dir() else place.parent.parent


def _files_in(folder: Path) -> list[Path]:
    """Return the files of all data sets, kind by kind."""
    try:
        files = [
            file
            for kind in FOLDERS
            if (folder / kind).is_dir()
            for file in sorted((folder / kind).iterdir())
            if _is_knowledge(file)
        ]
    except OSError as error:
        raise InvalidInputError(f"cannot look into '{folder}': {system_reason(error)}") from error
    if not files:
        raise InvalidInputError(
            f"the folder '{folder}' must have some of the subfolders {', '.join(FOLDERS)} with .pkl or .json "
            "files, but it has none; name another folder or a file"
        )
    return files


def _is_knowledge(file: Path) -> bool:
    """Tell a file of a data set from others, such as the hidden ones that macOS leaves beside each."""
    known = file.suffix.lower() in (*_PICKLES, ".json") and not file.name.startswith(".")
    return known and file.is_file()


def _chosen(files: Sequence[Path], dataset: str | None, path: Path) -> list[Path]:
    """Return the files of one data set."""
    known = sorted({file.stem for file in files})
    if dataset is None and len(known) > 1:
        raise InvalidInputError(
            f"'{path}' has several data sets; choose one as dataset (--dataset): {', '.join(known)}"
        )
    if dataset is not None and dataset not in known:
        raise UnknownNameError("data set", dataset, known)
    return [file for file in files if file.stem == (dataset or known[0])]


def _kind_of(path: Path, document: Any) -> LineKind:
    """Return the kind of knowledge in a file: what its folder says, or else its structure."""
    kind = FOLDERS.get(path.absolute().parent.name) or _kind_by_structure(document)
    if kind is None:
        raise InvalidInputError(
            f"'{path}' must lie in a folder that says what is in it: {', '.join(FOLDERS)}; move it into one"
        )
    return kind


def _kind_by_structure(document: Any) -> LineKind | None:
    if isinstance(document, list):
        return "synonym" if any(isinstance(record, dict) for record in document) else None
    if isinstance(document, dict) and any(isinstance(others, dict) for others in document.values()):
        return "one_to_one"
    return None


def _document(path: Path) -> Any:
    content = read_bytes(path)
    if not is_pickle(content, path):
        return as_json(content, path)
    try:
        return read_pickle(content)
    except InvalidInputError as error:
        raise InvalidInputError(f"cannot read '{path}': {error}") from error


def _add_by_position(
    content: Content, lists: Sequence[object], file: Path, kind: LineKind, names: _Names
) -> None:
    own = _own_names(lists)
    for name, given in zip(own or names.of(lists, file), lists, strict=True):
        texts = given.get(_SYNONYMS, given) if isinstance(given, dict) else given
        if not isinstance(texts, list | None):
            raise InvalidInputError(
                f"'{file}' must have a list of texts for each class, but {name!r} has {kind_of(texts)}"
            )
        content.add_all(name, texts or [], kind)


def _own_names(records: Sequence[object]) -> list[str]:
    """Return the names that the records of a file give themselves, if all do, each another one."""
    for field in _NAME_FIELDS:
        names = [record.get(field) if isinstance(record, dict) else None for record in records]
        texts = [name for name in names if isinstance(name, str) and name_key(name)]
        if len({name_key(name) for name in texts}) == len(names):
            return texts
    return []


def _add_pairs(content: Content, document: Any, file: Path) -> None:
    if not isinstance(document, Mapping):
        raise InvalidInputError(
            f"'{file}' must map each class to others and their texts, but it holds {kind_of(document)}"
        )
    for name, others in document.items():
        content.name(name)
        for other, texts in lists_by_class(others, file) if others is not None else ():
            content.name(other)
            content.add_all(name, texts, "one_to_one", other)
