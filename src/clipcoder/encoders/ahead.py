"""Images encoded in two stages side by side: threads decode and resize ahead while the model computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NoReturn

import numpy as np
from PIL import Image

from clipcoder.arrays import unit_rows
from clipcoder.encoders.base import Encoder, FloatArray, ImageInput, StagedEncoder
from clipcoder.encoders.images import open_image
from clipcoder.encoders.inputs import check_batch_size, check_several, listed_images
from clipcoder.encoders.machine import cores
from clipcoder.errors import InvalidInputError, UnreadableImageError

Outcome = tuple[ImageInput, FloatArray | UnreadableImageError]
"""An image as it was handed in, with its feature, a unit row of shape (dim,), or why it cannot be read."""

WORKERS: Final = min(8, cores())
"""Threads that decode."""

_FOREIGN_BATCH: Final = 16  # images at a time for an encoder that does not say how many it takes
_LARGE: Final = 1024  # pixels of the shorter side: well above what any encoder looks at


def encode_ahead(
    encoder: Encoder, images: Iterable[ImageInput], *, batch_size: int | None = None
) -> Generator[Outcome, None, None]:
    """Encode any number of images in bounded memory, in their order, past those that cannot be read.

    Threads run ``prepare_image``, at most two batches ahead; the caller's thread runs ``encode_prepared``.
    An encoder with the five members of ``Encoder`` alone gets decoded RGB images in ``encode_images``; those
    more than twice as large as any encoder's input are shrunk by a whole factor first, so that what waits is
    a few megabytes an image, whatever the camera. Closing the generator ends the threads.

    Args:
        encoder: a ``StagedEncoder``, or any ``Encoder``.
        images: paths, bytes of image files or PIL images; read only as fast as the results are taken.
        batch_size: images that are encoded at a time; by default as many as the encoder says.

    Returns:
        A generator of each image with its feature, or with the error where it cannot be decoded.

    Raises:
        InvalidInputError: a single image instead of a collection, an item that is none, a batch size below 1,
            or an encoder that makes other features than it promises.

    Example:
        >>> from PIL import Image
        >>> from clipcoder import load_encoder
        >>> encoder = load_encoder("starter")
        >>> [(_, feature), (path, error)] = encode_ahead(encoder, [Image.new("L", (4, 3)), "absent.jpg"])
        >>> feature.shape == (encoder.dim,), str(error)
        (True, "cannot read the image 'absent.jpg': there is no such file")
    """
    check_several(images)
    if batch_size is not None:
        check_batch_size(batch_size)
    stages = _Stages.of(encoder)
    return _encode_ahead(stages, images, batch_size or stages.batch_size)


def encode_listed(
    encoder: Encoder, images: Iterable[ImageInput], *, batch_size: int | None = None
) -> FloatArray:
    """Encode a list of images by the same means: what ``encode_images`` of a ``StagedEncoder`` does.

    Args:
        encoder: a ``StagedEncoder``, or any ``Encoder`` whose ``encode_images`` does not come here.
        images: as in ``encode_ahead``, all of them at once.
        batch_size: as in ``encode_ahead``.

    Returns:
        float32 unit rows of shape (n_images, dim).

    Raises:
        UnreadableImageError: an image cannot be decoded; of several the first is named.
        InvalidInputError: a single image instead of a list of them, or an item that is none.
    """
    listed = listed_images(images)
    rows = np.empty((len(listed), encoder.dim), dtype=np.float32)
    with closing(encode_ahead(encoder, listed, batch_size=batch_size)) as outcomes:
        for i, (_, outcome) in enumerate(outcomes):
            if isinstance(outcome, UnreadableImageError):
                raise outcome
            rows[i] = outcome
    return rows


def batch_size_of(encoder: Encoder) -> int:
    """Return how many images an encoder takes at a time where nobody asks for another number."""
    return _Stages.of(encoder).batch_size


class InStages:
    """What staged encoders have in common; they inherit it."""

    def encode_images(self: StagedEncoder, images: Sequence[ImageInput]) -> FloatArray:
        """Return float32 unit rows of shape (n_images, dim); threads decode while the model computes.

        Args:
            images: paths, bytes of image files or PIL images.

        Raises:
            UnreadableImageError: an image cannot be decoded; of several the first is named.
            InvalidInputError: a single image instead of a list of them.
        """
        return encode_listed(self, images)

    def __reduce__(self: StagedEncoder) -> NoReturn:
        raise InvalidInputError(
            f"the encoder {self.name!r} cannot be pickled or copied, for what computes in it belongs to this "
            "process; hand over its name, and call load_encoder where it is needed"
        )


@dataclass(frozen=True)
class _Stages:
    """The two halves of ``encode_images``, for encoders that have them and for those that do not."""

    prepare: Callable[[ImageInput], Any]
    encode: Callable[[Sequence[Any]], FloatArray]
    batch_size: int
    dim: int

    @classmethod
    def of(cls, encoder: Encoder) -> _Stages:
        if isinstance(encoder, StagedEncoder):
            return cls(encoder.prepare_image, encoder.encode_prepared, encoder.batch_size, encoder.dim)
        return cls(_decode, encoder.encode_images, _FOREIGN_BATCH, encoder.dim)

    def rows(self, prepared: Sequence[Any]) -> FloatArray:
        """Return float32 unit rows of shape (n, dim), which no encoder is trusted with."""
        features = unit_rows(self.encode(prepared), "image features", dim=self.dim)
        if len(features) != len(prepared):
            raise InvalidInputError(
                f"{self.encode.__name__} must return a row for each image, but it made {len(features)} rows "
                f"of {len(prepared)} images"
            )
        return features


def _encode_ahead(stages: _Stages, images: Iterable[ImageInput], size: int) -> Generator[Outcome, None, None]:
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="clipcoder-prepare")
    begun = ((image, pool.submit(stages.prepare, image)) for image in images)
    waiting: deque[tuple[ImageInput, Future[Any]]] = deque()
    try:
        while True:
            waiting.extend(islice(begun, 2 * size + WORKERS - len(waiting)))
            if not waiting:
                return
            batch = [waiting.popleft() for _ in range(min(size, len(waiting)))]
            yield from _encoded(stages, [(image, _prepared(future)) for image, future in batch])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _encoded(stages: _Stages, batch: Sequence[tuple[ImageInput, Any]]) -> Iterator[Outcome]:
    readable = [prepared for _, prepared in batch if not isinstance(prepared, UnreadableImageError)]
    rows = iter(stages.rows(readable) if readable else ())
    for image, prepared in batch:
        yield image, prepared if isinstance(prepared, UnreadableImageError) else next(rows)


def _prepared(future: Future[Any]) -> Any:
    try:
        return future.result()
    except UnreadableImageError as error:
        return error


def _decode(image: ImageInput) -> Image.Image:
    decoded = open_image(image, at_least=(_LARGE, _LARGE))
    factor = min(decoded.size) // _LARGE
    return decoded.reduce(factor) if factor > 1 else decoded
