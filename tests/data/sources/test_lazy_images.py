from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.data.dataset import Split
from clipcoder.data.sources.lazy import Below, LazyImages, Together


class Counted(LazyImages):
    """Numbers as bytes, and how often each was asked for."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self.length

    def at(self, position: int) -> bytes:
        self.asked.append(position)
        return b"%d" % position


def test_an_image_is_looked_up_when_it_is_asked_for_and_every_time() -> None:
    images = Counted(3)
    chosen = images[::-1]
    assert images.asked == []
    assert [images[0], images[-1], chosen[0], images[0]] == [b"0", b"2", b"2", b"0"]
    assert images.asked == [0, 2, 2, 0]


def test_it_is_a_sequence_that_ends() -> None:
    assert list(Counted(2)) == [b"0", b"1"]
    with pytest.raises(IndexError):
        Counted(2)[2]


def test_a_split_of_a_million_images_holds_their_keys_once() -> None:
    keys = tuple(f"{i}.jpg" for i in range(1_000_000))
    split = Split(Below(Path("pets"), keys), [0] * len(keys), keys)
    assert split.take([999_999]).images[0] == "pets/999999.jpg"
    assert split.images._paths is split.keys  # type: ignore[attr-defined]


def test_paths_begin_at_their_folder_but_for_absolute_ones(tmp_path: Path) -> None:
    assert list(Below(Path("pets"), ["cat/1.jpg", f"{tmp_path}/2.jpg"])) == [
        "pets/cat/1.jpg",
        f"{tmp_path}/2.jpg",
    ]


def test_sequences_follow_each_other() -> None:
    together = Together([Counted(2), [], Counted(1), ["a.jpg"]])
    assert list(together) == [b"0", b"1", b"0", "a.jpg"]
    assert together[-2] == b"0"
    assert len(Together([])) == 0
