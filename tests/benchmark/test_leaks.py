"""Images that are evaluated and learned from are found by their keys and by their bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.benchmark.leaks import check_bytes, check_keys
from clipcoder.data.dataset import Dataset, Split
from clipcoder.errors import InvalidInputError


def split(*keys: str, images: list[str | bytes] | None = None) -> Split:
    return Split(images or list(keys), [0] * len(keys), keys)


def dataset(**splits: Split) -> Dataset:
    return Dataset("pets", "Pets", ("cat", "dog"), splits)


def test_a_key_in_two_splits_is_a_leak() -> None:
    leaking = dataset(test=split("a", "b", "c", "d", "e"), train=split("b", "c", "d", "e", "x"))
    with pytest.raises(
        InvalidInputError, match=r"4 of the train split of Pets are in its test split too: b, c, d, \.\.\.; "
    ):
        check_keys(leaking, "test")
    check_keys(dataset(test=split("a"), train=split("b"), val=split("b")), "test")


def test_the_split_that_is_evaluated_decides() -> None:
    sets = dataset(test=split("a"), train=split("b"), val=split("b"))
    with pytest.raises(InvalidInputError, match="1 of the train split of Pets are in its val split too: b; "):
        check_keys(sets, "val")


def test_equal_bytes_are_a_leak_whatever_their_names() -> None:
    sets = dataset(
        test=split("a", "b", images=[b"one", b"two"]), train=split("x", "y", images=[b"six", b"two"])
    )
    with pytest.raises(InvalidInputError, match=r"1 of the train split .*: y \(there b\); mend"):
        check_bytes(sets, "test", {"train": [sets.split("train")]})
    check_bytes(sets, "test", {"train": [sets.split("train").take([0])], "val": []})


def test_only_files_of_one_size_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {"a": b"1", "b": b"22", "c": b"22", "d": b"333"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    read: list[str] = []
    real = Path.read_bytes

    def watched(self: Path) -> bytes:
        read.append(self.name)
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", watched)
    sets = dataset(
        test=split("a", "b", images=[str(tmp_path / n) for n in "ab"]),
        train=split("c", "d", images=[str(tmp_path / n) for n in "cd"]),
    )
    with pytest.raises(InvalidInputError, match=r"c \(there b\)"):
        check_bytes(sets, "test", {"train": [sets.split("train")]})
    assert read == ["b", "c"]


def test_files_that_cannot_be_read_are_no_leak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(b"one")
    real = Path.read_bytes

    def guarded(self: Path) -> bytes:
        if self.name in "ac":
            raise PermissionError(13, "Permission denied", str(self))
        return real(self)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    evaluated, learned = ([str(tmp_path / name) for name in names] for names in ("ab", "cb"))
    sets = dataset(test=split("a", "b", images=evaluated), train=split("c", "d", images=learned))
    with pytest.raises(InvalidInputError, match=r" 1 of the train split .*: d \(there b\); mend"):
        check_bytes(sets, "test", {"train": [sets.split("train")]})


def test_missing_and_empty_files_are_no_leak(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    sets = dataset(
        test=split("a", "b", images=[str(tmp_path / "none"), str(tmp_path / "empty")]),
        train=split("c", "d", images=[str(tmp_path / "none"), b""]),
    )
    check_bytes(sets, "test", {"train": [sets.split("train")]})
