"""Images decoded by threads, a bounded number ahead of whoever takes them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from PIL import Image

from clipcoder.encoders.base import ImageInput
from clipcoder.encoders.images import open_image
from clipcoder.errors import UnreadableImageError

WORKERS = min(4, os.cpu_count() or 1)
_LARGE = 1024  # pixels of the shorter side: well above what any encoder looks at

Decoded = tuple[ImageInput, Image.Image | UnreadableImageError]


def decode_ahead(sources: Iterable[ImageInput], *, ahead: int) -> Iterator[Decoded]:
    """Decode images in threads and yield them in their order.

    Photos more than twice as large as any encoder's input are shrunk by a whole factor, so that the images
    that wait are a few megabytes each, whatever the camera.

    Args:
        sources: paths, bytes of image files or PIL images; read only as fast as the results are taken.
        ahead: how many images may be decoded before they are taken.

    Yields:
        Each source with its RGB image, or with the error where it cannot be decoded.

    Example:
        >>> [(source, image)] = decode_ahead([Image.new("L", (4, 3))], ahead=1)
        >>> image.mode, image.size
        ('RGB', (4, 3))
    """
    waiting: deque[tuple[ImageInput, Future[Image.Image]]] = deque()
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="clipcoder-decode")
    try:
        for source in sources:
            waiting.append((source, pool.submit(_decode, source)))
            if len(waiting) > ahead:
                yield _finished(*waiting.popleft())
        while waiting:
            yield _finished(*waiting.popleft())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _decode(source: ImageInput) -> Image.Image:
    image = open_image(source)
    factor = min(image.size) // _LARGE
    return image.reduce(factor) if factor > 1 else image


def _finished(source: ImageInput, future: Future[Image.Image]) -> Decoded:
    try:
        return source, future.result()
    except UnreadableImageError as error:
        return source, error
