"""What every encoder promises, whatever is behind it: suites that the tests of each encoder inherit.

``EncoderContract`` is what any encoder must keep, ``StagedContract`` what those of ``load_encoder`` promise
besides.
"""

from __future__ import annotations

import copy
import io
import pickle
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from clipcoder.encoders.ahead import encode_ahead
from clipcoder.encoders.base import PRECISIONS, Encoder, ImageInput, StagedEncoder
from clipcoder.encoders.images import open_image
from clipcoder.errors import InvalidInputError, UnreadableImageError

FloatArray = npt.NDArray[np.float32]

PHOTOS = [Image.effect_noise((30 + 7 * i, 44 - 5 * i), 90).convert("RGB") for i in range(3)]
COLOURS = [Image.new("RGB", (40, 30), colour) for colour in ("red", "green", "blue", "gold", "navy")]
IMAGES: list[ImageInput] = [*COLOURS, *PHOTOS]
TEXTS = ["a photo of a dog", "a photo of a red cat", "sky", "A cat", "", "of " * 300, "naïve 猫"]


class EncoderContract:
    """Inherit it and define a fixture ``encoder``; in coarse arithmetic, ``rounding`` too."""

    rounding = 1e-5
    """How far two computations of one number may be apart."""

    def test_it_has_the_five_members(self, encoder: Encoder) -> None:
        assert isinstance(encoder, Encoder)
        assert isinstance(encoder.name, str)
        assert isinstance(encoder.dim, int)
        assert encoder.logit_scale > 0

    def test_features_are_float32_unit_rows(self, encoder: Encoder) -> None:
        for features, count in _both(encoder, IMAGES, TEXTS):
            assert features.dtype == np.float32
            assert features.shape == (count, encoder.dim)
            np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)

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
        np.testing.assert_allclose(shuffled, images[order], atol=self.rounding)
        shuffled = encoder.encode_texts([TEXTS[i] for i in order])
        np.testing.assert_allclose(shuffled, texts[order], atol=self.rounding)

    def test_features_do_not_depend_on_what_else_is_in_the_batch(self, encoder: Encoder) -> None:
        many, more = IMAGES * 5, TEXTS * 20  # more than encoders compute at a time
        images, texts = encoder.encode_images(many), encoder.encode_texts(more)
        for i, image in enumerate(IMAGES):
            np.testing.assert_allclose(encoder.encode_images([image])[0], images[i], atol=self.rounding)
        for i, text in enumerate(TEXTS):
            np.testing.assert_allclose(encoder.encode_texts([text])[0], texts[i], atol=self.rounding)
        np.testing.assert_allclose(images, np.tile(images[: len(IMAGES)], (5, 1)), atol=self.rounding)
        np.testing.assert_allclose(texts, np.tile(texts[: len(TEXTS)], (20, 1)), atol=self.rounding)

    def test_paths_bytes_and_pil_images_are_the_same(self, encoder: Encoder, tmp_path: Path) -> None:
        file = tmp_path / "photo.png"
        PHOTOS[0].save(file)
        features = encoder.encode_images([PHOTOS[0], file, str(file), file.read_bytes()])
        np.testing.assert_allclose(features, features[[0, 0, 0, 0]], atol=self.rounding)

    def test_grey_and_transparent_images_are_taken_as_what_they_show(self, encoder: Encoder) -> None:
        grey = PHOTOS[1].convert("L")
        opaque = PHOTOS[1].copy()
        opaque.putalpha(255)
        clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
        shown = encoder.encode_images([grey, opaque, clear])
        expected = encoder.encode_images(
            [grey.convert("RGB"), PHOTOS[1], Image.new("RGB", (40, 30), "white")]
        )
        np.testing.assert_allclose(shown, expected, atol=self.rounding)

    def test_photos_taken_with_a_turned_camera_are_upright(self, encoder: Encoder) -> None:
        upright = Image.new("RGB", (32, 32), "blue")
        upright.paste("gold", (0, 0, 32, 16))
        exif = Image.Exif()
        exif[0x0112] = 6
        turned = io.BytesIO()
        upright.rotate(90).save(turned, "PNG", exif=exif)
        features = encoder.encode_images([turned.getvalue(), upright])
        np.testing.assert_allclose(features[0], features[1], atol=self.rounding)

    @pytest.mark.parametrize("kind", ["grey of 16 bits", "palette", "animation", "print", "huge"])
    def test_images_of_every_kind_are_taken_as_what_they_show(self, encoder: Encoder, kind: str) -> None:
        file = FILES[kind]()
        features = encoder.encode_images([file, open_image(file)])
        np.testing.assert_allclose(features[0], features[1], atol=max(self.rounding, HARDLY[kind]))

    def test_a_bad_image_in_the_middle_is_named(self, encoder: Encoder, tmp_path: Path) -> None:
        broken = tmp_path / "broken.jpg"
        broken.write_bytes(b"no image")
        with pytest.raises(UnreadableImageError, match=r"broken\.jpg"):
            encoder.encode_images([*IMAGES * 3, broken, *IMAGES, tmp_path / "absent.jpg"])

    def test_what_is_read_ahead_is_the_same_and_goes_on_past_bad_images(self, encoder: Encoder) -> None:
        outcomes = list(encode_ahead(encoder, [*IMAGES, b"no image", *IMAGES]))
        errors = [i for i, (_, row) in enumerate(outcomes) if isinstance(row, UnreadableImageError)]
        assert errors == [len(IMAGES)]
        rows = np.array([row for i, (_, row) in enumerate(outcomes) if i not in errors])
        np.testing.assert_allclose(rows, encoder.encode_images(IMAGES * 2), atol=self.rounding)

    def test_a_single_image_is_refused(self, encoder: Encoder) -> None:
        with pytest.raises(InvalidInputError, match=r"\[image\]"):
            encoder.encode_images(PHOTOS[0])

    def test_a_single_text_is_refused(self, encoder: Encoder) -> None:
        for text in ("a cat", None):
            with pytest.raises(InvalidInputError, match=r"\[text\]"):
                encoder.encode_texts(text)

    @pytest.mark.parametrize("text", [None, b"a cat", "half an emoji: \ud83d", "caf\udce9.jpg"])
    def test_what_is_no_text_is_named_by_its_place(self, encoder: Encoder, text: Any) -> None:
        with pytest.raises(InvalidInputError, match=r"item 1 [^\n]*leave it out"):
            encoder.encode_texts(["a cat", text])

    def test_an_image_without_pixels_is_unreadable(self, encoder: Encoder) -> None:
        with pytest.raises(UnreadableImageError, match="it has no pixels"):
            encoder.encode_images([PHOTOS[0], Image.new("RGB", (0, 5))])

    def test_threads_get_the_same_as_one_after_the_other(self, encoder: Encoder) -> None:
        tasks: list[Callable[[], FloatArray]] = [
            lambda: encoder.encode_images(IMAGES),
            lambda: encoder.encode_texts(TEXTS),
        ]
        expected = [task() for task in tasks]
        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(lambda i: tasks[i % 2](), range(12)))
        for i, features in enumerate(results):
            np.testing.assert_allclose(features, expected[i % 2], atol=self.rounding)


class StagedContract(EncoderContract):
    """Inherit it and define, besides ``encoder``, two more fixtures.

    ``again`` is the encoder loaded once more. ``others`` are encoders by what they differ in from it, one
    thing each: weights, preprocessing, precision, as far as it can be had here.
    """

    def test_it_has_the_members_of_a_staged_encoder(self, encoder: StagedEncoder) -> None:
        assert isinstance(encoder, StagedEncoder)
        assert encoder.precision in PRECISIONS
        assert encoder.batch_size >= 1
        assert encoder.logit_bias is None or isinstance(encoder.logit_bias, float)

    def test_the_stages_one_after_the_other_are_the_whole(self, encoder: StagedEncoder) -> None:
        with ThreadPoolExecutor(4) as threads:
            prepared = list(threads.map(encoder.prepare_image, IMAGES))
        features = encoder.encode_prepared(prepared)
        assert (features.dtype, features.shape) == (np.float32, (len(IMAGES), encoder.dim))
        np.testing.assert_allclose(features, encoder.encode_images(IMAGES), atol=self.rounding)

    def test_nothing_prepared_gives_no_rows(self, encoder: StagedEncoder) -> None:
        features = encoder.encode_prepared([])
        assert (features.dtype, features.shape) == (np.float32, (0, encoder.dim))

    def test_what_cannot_be_prepared_is_named(self, encoder: StagedEncoder, tmp_path: Path) -> None:
        with pytest.raises(UnreadableImageError, match=r"absent\.jpg"):
            encoder.prepare_image(tmp_path / "absent.jpg")

    @pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
    def test_it_is_not_pickled_and_says_what_to_do(
        self, encoder: StagedEncoder, way: Callable[[object], object]
    ) -> None:
        with pytest.raises(InvalidInputError, match="load_encoder"):
            way(encoder)

    def test_two_loads_have_one_fingerprint_and_the_same_features(
        self, encoder: StagedEncoder, again: StagedEncoder
    ) -> None:
        assert again is not encoder
        assert re.fullmatch(r"[0-9a-f]{8,128}", encoder.fingerprint())
        assert encoder.fingerprint() == encoder.fingerprint() == again.fingerprint()
        for one, other in ((encoder, again), (again, encoder)):
            np.testing.assert_allclose(
                one.encode_images(PHOTOS), other.encode_images(PHOTOS), atol=self.rounding
            )
            np.testing.assert_allclose(one.encode_texts(TEXTS), other.encode_texts(TEXTS), atol=self.rounding)

    def test_whatever_features_depend_on_has_a_fingerprint_of_its_own(
        self, encoder: StagedEncoder, others: Mapping[str, StagedEncoder]
    ) -> None:
        prints = {"itself": encoder.fingerprint()} | {what: e.fingerprint() for what, e in others.items()}
        assert others
        assert len(set(prints.values())) == len(prints), prints


def _file(image: Image.Image, form: str, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **settings)
    return buffer.getvalue()


def _ramp(width: int, height: int) -> Image.Image:
    """Levels that only 16 bits can tell apart, from black to white."""
    return Image.fromarray(np.linspace(0, 65535, width * height).astype(np.uint16).reshape(height, width))


FILES: dict[str, Callable[[], bytes]] = {
    "grey of 16 bits": lambda: _file(_ramp(40, 30), "PNG"),
    "palette": lambda: _file(PHOTOS[0].quantize(16), "PNG"),
    "animation": lambda: _file(PHOTOS[0], "GIF", save_all=True, append_images=PHOTOS[1:]),
    "print": lambda: _file(PHOTOS[1].convert("CMYK"), "JPEG"),
    "huge": lambda: _file(Image.linear_gradient("L").resize((1024, 768)).convert("RGB"), "JPEG"),
}

HARDLY = dict.fromkeys(FILES, 0.0) | {"huge": 2e-3}  # it is decoded at a half or a quarter of its size


def _both(encoder: Encoder, images: list[ImageInput], texts: list[str]) -> list[tuple[FloatArray, int]]:
    return [(encoder.encode_images(images), len(images)), (encoder.encode_texts(texts), len(texts))]
