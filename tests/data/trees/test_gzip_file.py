from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipcoder.data.trees.gzip_file import GzipFile

SIZE = 1_500_000  # bytes: several points to go on from

NOISE = np.random.default_rng(0).integers(0, 256, SIZE, dtype=np.uint8).tobytes()
"""What cannot be made smaller, as photos cannot."""


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("gzip") / "noise.gz"
    file.write_bytes(gzip.compress(NOISE, 1))
    return file


@given(places=st.lists(st.tuples(st.integers(0, SIZE + 9), st.integers(0, 90_000)), max_size=6))
def test_any_stretch_is_what_it_is_when_all_is_decompressed(
    noise: Path, places: list[tuple[int, int]]
) -> None:
    with io.BufferedReader(GzipFile(noise)) as file:
        for offset, size in places:
            assert file.seek(offset) == offset
            assert file.read(size) == NOISE[offset : offset + size]
            assert file.tell() == min(offset + size, max(SIZE, offset))


def test_going_back_does_not_begin_again_from_the_start(noise: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with GzipFile(noise) as file:
        file.seek(SIZE)
        assert file.read(1) == b""
        seen: list[int] = []
        monkeypatch.setattr(file, "_file", Watched(file._file, seen))
        file.seek(SIZE - 100_000)
        assert file.read(10) == NOISE[SIZE - 100_000 : SIZE - 99_990]
        assert min(seen) > SIZE // 2


class Watched:
    """A file that notes where it is read."""

    def __init__(self, file: io.BufferedReader, seen: list[int]) -> None:
        self._file, self._seen = file, seen

    def seek(self, offset: int) -> int:
        self._seen.append(offset)
        return self._file.seek(offset)

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def close(self) -> None:
        self._file.close()


def test_what_comes_out_many_times_larger_is_whole_too(tmp_path: Path) -> None:
    (tmp_path / "zeros.gz").write_bytes(gzip.compress(bytes(5_000_000)))
    with io.BufferedReader(GzipFile(tmp_path / "zeros.gz")) as file:
        assert file.read() == bytes(5_000_000)


def test_streams_one_behind_the_other_are_one_file_and_padding_is_none(tmp_path: Path) -> None:
    (tmp_path / "two.gz").write_bytes(gzip.compress(b"cat") + gzip.compress(b"dog") + bytes(512))
    with io.BufferedReader(GzipFile(tmp_path / "two.gz")) as file:
        assert file.read() == b"catdog"
        file.seek(2)
        assert file.read(2) == b"td"


def test_positions_count_from_here_but_not_from_the_end(noise: Path) -> None:
    with GzipFile(noise) as file:
        assert file.readable() and file.seekable()
        file.seek(10)
        assert file.seek(-3, io.SEEK_CUR) == 7
        with pytest.raises(io.UnsupportedOperation, match="the end of a gzip file is not known"):
            file.seek(0, io.SEEK_END)


def test_a_file_that_breaks_off(noise: Path, tmp_path: Path) -> None:
    (tmp_path / "half.gz").write_bytes(noise.read_bytes()[: SIZE // 2])
    with GzipFile(tmp_path / "half.gz") as file:
        file.seek(SIZE - 1)
        with pytest.raises(EOFError, match="it ends too early"):
            file.read(1)


def test_a_file_that_is_damaged(tmp_path: Path) -> None:
    raw = bytearray(gzip.compress(b"the quick brown fox " * 20_000))
    raw[60:90] = bytes(range(30))
    (tmp_path / "damaged.gz").write_bytes(raw)
    with GzipFile(tmp_path / "damaged.gz") as file, pytest.raises(zlib.error):
        file.read(400_000)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        GzipFile(tmp_path / "absent.gz")
