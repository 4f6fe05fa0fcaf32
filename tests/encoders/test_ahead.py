"""Encoding ahead: in order, past bad images, bounded, in threads that end; for encoders of two kinds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from clipcoder.encoders.ahead import WORKERS, encode_ahead, encode_listed
from clipcoder.encoders.base import Encoder, ImageInput, StagedEncoder
from clipcoder.errors import InvalidInputError, UnreadableImageError
from toy_encoder import ColourEncoder, StagedColourEncoder, plain, png

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 255, 0)
BROKEN = b"no image"

both = pytest.mark.parametrize("encoder", [StagedColourEncoder(), ColourEncoder()], ids=["staged", "foreign"])


def features(outcomes: Iterator[tuple[ImageInput, object]]) -> list[list[float] | str]:
    return [
        str(outcome) if isinstance(outcome, UnreadableImageError) else np.asarray(outcome).tolist()
        for _, outcome in outcomes
    ]


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.001)
    return holds()


def preparing_threads() -> int:
    return sum(thread.name.startswith("clipcoder-prepare") for thread in threading.enumerate())


def test_the_toy_is_staged_and_the_other_is_foreign() -> None:
    assert isinstance(StagedColourEncoder(), StagedEncoder)
    assert not isinstance(ColourEncoder(), StagedEncoder)


@both
@pytest.mark.parametrize("batch_size", [1, 2, 3, None])
def test_rows_come_in_the_order_of_the_images_past_those_that_are_broken(
    encoder: Encoder, batch_size: int | None
) -> None:
    images = [plain(RED), BROKEN, png(plain(BLUE)), BROKEN, BROKEN, BROKEN, plain(GREEN), "absent.png"]
    outcomes = list(encode_ahead(encoder, images, batch_size=batch_size))
    assert [image for image, _ in outcomes] == images
    unreadable = "cannot read the image in 8 bytes: it is no image in a format that Pillow knows"
    assert features(iter(outcomes)) == [
        [1, 0, 0],
        unreadable,
        [0, 0, 1],
        unreadable,
        unreadable,
        unreadable,
        [0, 1, 0],
        "cannot read the image 'absent.png': there is no such file",
    ]


def test_slow_images_keep_their_place() -> None:
    class Dawdling(StagedColourEncoder):
        def prepare_image(self, image):
            time.sleep(0.02 if image.width == 99 else 0)
            return super().prepare_image(image)

    images = [plain(RED, (99, 1)), plain(BLUE), plain(RED, (99, 1)), plain(GREEN)]
    assert features(encode_ahead(Dawdling(), images)) == [[1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]


@both
def test_nothing_in_gives_nothing(encoder: Encoder) -> None:
    assert list(encode_ahead(encoder, [])) == []


def test_images_are_prepared_by_threads_and_computed_by_the_caller_in_batches() -> None:
    class Watching(StagedColourEncoder):
        def encode_prepared(self, prepared):
            assert threading.current_thread() is threading.main_thread()
            return super().encode_prepared(prepared)

    encoder = Watching()
    list(encode_ahead(encoder, [plain(RED)] * 10))
    assert encoder.batches == [4, 4, 2]
    assert all(name.startswith("clipcoder-prepare") for name in encoder.threads)
    list(encode_ahead(encoder, [plain(RED)] * 10, batch_size=7))
    assert encoder.batches[3:] == [7, 3]


def test_a_batch_of_broken_images_is_not_computed() -> None:
    encoder = StagedColourEncoder()
    list(encode_ahead(encoder, [BROKEN] * 4 + [plain(RED)]))
    assert encoder.batches == [1]


def test_threads_prepare_the_next_batch_while_the_model_computes() -> None:
    prepared = threading.Semaphore(0)

    class Overlapping(StagedColourEncoder):
        def prepare_image(self, image):
            prepared.release()
            return super().prepare_image(image)

        def encode_prepared(self, rows):
            if not self.batches:  # the first batch waits until the second is under way, or fails
                assert all(prepared.acquire(timeout=10) for _ in range(8))
            return super().encode_prepared(rows)

    assert len(list(encode_ahead(Overlapping(), [plain(RED)] * 8))) == 8


@both
def test_images_are_read_only_as_fast_as_results_are_taken(encoder: Encoder) -> None:
    taken: list[int] = []
    many = (taken.append(i) or plain(RED) for i in range(1000))
    outcomes = encode_ahead(encoder, many, batch_size=2)
    assert taken == []
    list(islice(outcomes, 2))
    assert len(taken) == 2 * 2 + WORKERS
    list(islice(outcomes, 1))
    assert len(taken) == 3 * 2 + WORKERS


def test_closing_early_ends_the_threads_and_drops_what_waits() -> None:
    going = threading.Event()

    class Slow(StagedColourEncoder):
        calls = 0

        def prepare_image(self, image):
            Slow.calls += 1
            if Slow.calls > 4:
                going.wait(10)
            return super().prepare_image(image)

    assert eventually(lambda: preparing_threads() == 0)  # those of other tests have ended
    outcomes = encode_ahead(Slow(), [plain(RED)] * 100)
    next(outcomes)
    assert preparing_threads() > 0
    outcomes.close()
    going.set()
    assert eventually(lambda: preparing_threads() == 0)
    assert Slow.calls <= 4 + WORKERS


def test_threads_end_after_the_last_image() -> None:
    assert eventually(lambda: preparing_threads() == 0)  # those of other tests have ended
    list(encode_ahead(StagedColourEncoder(), [plain(RED)] * 9))
    assert eventually(lambda: preparing_threads() == 0)


def test_what_the_images_raise_reaches_the_caller_and_ends_the_threads() -> None:
    def failing() -> Iterator[Image.Image]:
        yield plain(RED)
        raise OSError("the disk is gone")

    assert eventually(lambda: preparing_threads() == 0)  # those of other tests have ended
    with pytest.raises(OSError, match="the disk is gone"):
        list(encode_ahead(StagedColourEncoder(), failing()))
    assert eventually(lambda: preparing_threads() == 0)


def test_other_errors_of_a_stage_are_not_swallowed() -> None:
    class Broken(StagedColourEncoder):
        def prepare_image(self, image):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(encode_ahead(Broken(), [plain(RED)]))


def test_a_foreign_encoder_gets_decoded_images_of_which_huge_ones_are_shrunk() -> None:
    seen = []

    class Watching(ColourEncoder):
        def encode_images(self, images):
            seen.extend((image.mode, image.size) for image in images)
            return super().encode_images(images)

    images = [plain(RED, (4000, 3000)), Image.new("L", (1500, 1200), 9)]
    list(encode_ahead(Watching(), images))
    assert seen == [("RGB", (2000, 1500)), ("RGB", (1500, 1200))]


# Bad input


@both
@pytest.mark.parametrize("image", ["cat.png", b"bytes", plain(RED), None, 3])
def test_a_single_image_is_no_collection(encoder: Encoder, image: object) -> None:
    with pytest.raises(InvalidInputError, match=r"put it into a list: \[image\]"):
        encode_ahead(encoder, image)


@both
def test_an_item_that_is_no_image_is_told_what_is_one(encoder: Encoder) -> None:
    with pytest.raises(InvalidInputError, match="an image must be a path"):
        list(encode_ahead(encoder, [plain(RED), 3]))


@pytest.mark.parametrize("size", [0, -1, 1.5, True, "4"])
def test_batches_of_nothing_are_refused(size: object) -> None:
    with pytest.raises(InvalidInputError, match="batch_size must be a whole number of at least 1, got"):
        encode_ahead(ColourEncoder(), [], batch_size=size)


def test_rows_that_are_missing_or_of_another_width_are_refused() -> None:
    class Forgetful(StagedColourEncoder):
        def encode_prepared(self, prepared):
            return super().encode_prepared(prepared)[1:]

    class Deaf(ColourEncoder):
        def encode_images(self, images):
            return super().encode_images(images)[1:]

    class Narrow(StagedColourEncoder):
        dim = 2

    for encoder, says in [
        (Forgetful(), "encode_prepared must return a row for each image, but it made 1 rows of 2"),
        (Deaf(), "encode_images must return a row for each image, but it made 1 rows of 2"),
        (Narrow(), "must have 2 columns"),
    ]:
        with pytest.raises(InvalidInputError, match=says):
            list(encode_ahead(encoder, [plain(RED), plain(BLUE)]))


# Lists


def test_a_list_gives_a_matrix() -> None:
    encoder = StagedColourEncoder()
    rows = encode_listed(encoder, [plain(RED), png(plain(GREEN)), plain(BLUE), plain(RED), plain(BLUE)])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 1]]
    assert encoder.batches == [4, 1]


def test_an_empty_list_gives_an_empty_matrix() -> None:
    rows = encode_listed(StagedColourEncoder(), [])
    assert (rows.shape, rows.dtype) == ((0, 3), np.float32)


def test_of_several_bad_images_a_list_names_the_first_and_ends_the_threads() -> None:
    assert eventually(lambda: preparing_threads() == 0)  # those of other tests have ended
    with pytest.raises(UnreadableImageError, match=r"first\.png") as caught:
        encode_listed(StagedColourEncoder(), [plain(RED), "first.png", "second.png", *[plain(RED)] * 50])
    assert caught.value.source == "'first.png'"
    assert eventually(lambda: preparing_threads() == 0)


def test_a_single_image_is_no_list() -> None:
    with pytest.raises(InvalidInputError, match=r"\[image\]"):
        encode_listed(StagedColourEncoder(), plain(RED))
