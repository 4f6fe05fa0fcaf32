"""What every encoder promises, whatever is behind it: one suite, which each encoder's tests inherit."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.errors import InvalidInputError, UnreadableImageError

FloatArray = npt.NDArray[np.float32]

PHOTOS = [Image.effect_noise((30 + 7 * i, 44 - 5 * i), 90).convert("RGB") for i in range(3)]
COLOURS = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue", "gold", "navy")]
IMAGES: list[ImageInput] = [*COLOURS, *PHOTOS]
TEXTS = ["a photo of a dog", "a photo of a red cat", "sky", "A cat", "", "of " * 300, "naïve 猫"]
ROUNDING = 1e-5


class EncoderContract:
    """Inherit it and define a fixture ``encoder``."""

    def test_it_has_the_five_members(self, encoder: Encoder) -> None:
        assert isinstance(encoder, Encoder)
        assert isinstance(encoder.name, str)
        assert isinstance(encoder.dim, int)
        assert encoder.logit_scale > 0

    def test_features_are_float32_unit_rows(self, encoder: Encoder) -> None:
        for features, count in _both(encoder, IMAGES, TEXTS):
            assert features.dtype == np.float32
            assert features.shape == (count, encoder.dim)
            np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=ROUNDING)

    def test_nothing_in_gives_no_rows(self, encoder: Encoder) -> None:
        for features, _ in _both(encoder, [], []):
            assert features.shape == (0, encoder.dim)
            assert features.dtype == np.float32

    def test_different_inputs_have_different_features(self, encoder: Encoder) -> None:
        for features, _ in _both(encoder, COLOURS[:3], ["a red dog", "the sky"]):
            assert len(np.unique(features.round(3), axis=0)) == len(features)

    def test_rows_are_in_the_order_of_the_inputs_and_duplicates_agree(self, encoder: Encoder) -> None:
        order = [3, 0, 4, 0, 1]
        images, texts = encoder.encode_images(IMAGES), encoder.encode_texts(TEXTS)
        shuffled = encoder.encode_images([IMAGES[i] for i in order])
        np.testing.assert_allclose(shuffled, images[order], atol=ROUNDING)
        shuffled = encoder.encode_texts([TEXTS[i] for i in order])
        np.testing.assert_allclose(shuffled, texts[order], atol=ROUNDING)

    def test_features_do_not_depend_on_what_else_is_in_the_batch(self, encoder: Encoder) -> None:
        many, more = IMAGES * 5, TEXTS * 20  # more than encoders compute at a time
        images, texts = encoder.encode_images(many), encoder.encode_texts(more)
        for i, image in enumerate(IMAGES):
            np.testing.assert_allclose(encoder.encode_images([image])[0], images[i], atol=ROUNDING)
        for i, text in enumerate(TEXTS):
            np.testing.assert_allclose(encoder.encode_texts([text])[0], texts[i], atol=ROUNDING)
        np.testing.assert_allclose(images, np.tile(images[: len(IMAGES)], (5, 1)), atol=ROUNDING)
        np.testing.assert_allclose(texts, np.tile(texts[: len(TEXTS)], (20, 1)), atol=ROUNDING)

    def test_paths_bytes_and_pil_images_are_the_same(self, encoder: Encoder, tmp_path: Path) -> None:
        file = tmp_path / "photo.png"
        PHOTOS[0].save(file)
        features = encoder.encode_images([PHOTOS[0], file, str(file), file.read_bytes()])
        np.testing.assert_allclose(features, features[[0, 0, 0, 0]], atol=ROUNDING)

    def test_grey_and_transparent_images_are_taken_as_what_they_show(self, encoder: Encoder) -> None:
        grey = PHOTOS[1].convert("L")
        opaque = PHOTOS[1].copy()
        opaque.putalpha(255)
        clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
        shown = encoder.encode_images([grey, opaque, clear])
        expected = encoder.encode_images(
            [grey.convert("RGB"), PHOTOS[1], Image.new("RGB", (40, 30), "white")]
        )
        np.testing.assert_allclose(shown, expected, atol=ROUNDING)

    def test_photos_taken_with_a_turned_camera_are_upright(self, encoder: Encoder) -> None:
        upright = Image.new("RGB", (32, 32), "blue")
        upright.paste("gold", (0, 0, 32, 16))
        exif = Image.Exif()
        exif[0x0112] = 6
        turned = io.BytesIO()
        upright.rotate(90).save(turned, "PNG", exif=exif)
        features = encoder.encode_images([turned.getvalue(), upright])
        np.testing.assert_allclose(features[0], features[1], atol=ROUNDING)

    def test_a_bad_image_is_named(self, encoder: Encoder, tmp_path: Path) -> None:
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"no image")
        with pytest.raises(UnreadableImageError, match=r"broken\.jpg"):
            encoder.encode_images([PHOTOS[0], broken])

    def test_a_single_text_is_refused(self, encoder: Encoder) -> None:
        with pytest.raises(InvalidInputError, match=r"\[text\]"):
            encoder.encode_texts("a cat")

    def test_threads_get_the_same_as_one_after_the_other(self, encoder: Encoder) -> None:
        tasks: list[Callable[[], FloatArray]] = [
            lambda: encoder.encode_images(IMAGES),
            lambda: encoder.encode_texts(TEXTS),
        ]
        expected = [task() for task in tasks]
        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(lambda i: tasks[i % 2](), range(12)))
        for i, features in enumerate(results):
            np.testing.assert_allclose(features, expected[i % 2], atol=ROUNDING)


def _both(encoder: Encoder, images: list[ImageInput], texts: list[str]) -> list[tuple[FloatArray, int]]:
    return [(encoder.encode_images(images), len(images)), (encoder.encode_texts(texts), len(texts))]
