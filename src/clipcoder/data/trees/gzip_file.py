"""A gzip file that can be read from anywhere: it keeps the decompressor's state at points along the way."""

from __future__ import annotations

import io
import zlib
from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_CHUNK: Final = 1 << 16  # bytes that are decompressed at a time
_LEAST_SPACING: Final = 1 << 18  # bytes of the file between two points
_MOST_POINTS: Final = 1_000  # each holds about 40 KB
_GZIP: Final = 16 + zlib.MAX_WBITS
_MAGIC: Final = b"\x1f\x8b"


class _Point(NamedTuple):
    """Where one can go on from.

    Attributes:
        position: bytes that come out before it.
        offset: bytes of the file that go in before it.
        state: the decompressor at this point.
    """

    position: int
    offset: int
    state: zlib._Decompress


class GzipFile(io.RawIOBase):
    """What a gzip file holds.

    A first pass through the file remembers how to go on from about every 1,000th part of it; from then on any
    position costs at most such a part to get to.

    Args:
        path: the file.

    Raises:
        OSError: it cannot be opened.
        EOFError: on reading, the file ends too early.
        zlib.error: on reading, it is no gzip file, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._spacing = max(path.stat().st_size // _MOST_POINTS, _LEAST_SPACING)
        self._points = [_Point(0, 0, zlib.decompressobj(_GZIP))]
        self._wanted = 0
        self._go_back(self._points[0])

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Return the position of the byte that is read next."""
        return self._wanted

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position; nothing is decompressed until something is read.

        Raises:
            io.UnsupportedOperation: it is counted from the end, which is not known.
        """
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end of a gzip file is not known")
        self._wanted = max(0, offset + (self._wanted if whence == io.SEEK_CUR else 0))
        return self._wanted

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer as far as one chunk goes, and return how far that is; 0 at the end."""
        view = memoryview(buffer).cast("B")
        self._advance_to(self._wanted)
        begin = self._wanted - self._start
        held = self._chunk[begin : begin + len(view)]
        view[: len(held)] = held
        self._wanted += len(held)
        return len(held)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _advance_to(self, position: int) -> None:
        """Decompress until a position is in the chunk, or the end is reached."""
        behind = bisect_right(self._points, position, key=lambda point: point.position) - 1
        nearest = self._points[behind]
        if position < self._start or nearest.position > self._start + len(self._chunk):
            self._go_back(nearest)
        while self._start + len(self._chunk) <= position and self._advance():
            pass

    def _go_back(self, point: _Point) -> None:
        self._start, self._offset, self._state = point.position, point.offset, point.state.copy()
        self._chunk = b""

    def _advance(self) -> bool:
        """Decompress the next chunk; False at the end."""
        self._file.seek(self._offset)
        raw = self._file.read(_CHUNK)
        if self._state.eof:  # several streams, one behind the other, are one file; anything else is padding
            if not raw.startswith(_MAGIC):
                return False
            self._state = zlib.decompressobj(_GZIP)
        elif not raw:
            raise EOFError("it ends too early")
        self._keep_point()
        self._start += len(self._chunk)
        self._chunk = self._state.decompress(raw)
        self._offset += len(raw) - len(self._state.unused_data)
        return True

    def _keep_point(self) -> None:
        if self._offset - self._points[-1].offset >= self._spacing:
            position = self._start + len(self._chunk)
            self._points.append(_Point(position, self._offset, self._state.copy()))
