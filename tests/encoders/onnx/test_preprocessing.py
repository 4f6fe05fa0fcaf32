"""From a photo to the pixels of an image tower: sizes, crops and padding worked out by hand."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clipcoder.encoders.base import FloatArray
from clipcoder.encoders.images import open_image
from clipcoder.encoders.onnx.preprocessing import Preprocessing
from clipcoder.errors import InvalidInputError
from tiny_clip import write_json

PLAIN: dict[str, Any] = {"mean": (0.0,) * 3, "std": (1.0,) * 3}
IN_LEVELS: dict[str, Any] = {"mean": (0.0,) * 3, "std": (1 / 255,) * 3}
SETTINGS = {"size": 8, "mean": [0.5] * 3, "std": [0.2] * 3, "interpolation": "bicubic"}
BICUBIC, BILINEAR = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR


def noise(width: int, height: int) -> Image.Image:
    levels = np.random.default_rng(width * height).integers(0, 256, size=(height, width, 3))
    return Image.fromarray(levels.astype(np.uint8))


def assert_shows(preprocess: Preprocessing, image: Image.Image, expected: Image.Image) -> None:
    levels = preprocess(image).transpose(1, 2, 0) * 255
    np.testing.assert_allclose(levels, np.asarray(expected), atol=1e-3)


def test_each_channel_is_brought_to_its_own_mean_and_std() -> None:
    preprocess = Preprocessing((2, 2), mean=(0.1, 0.2, 0.3), std=(0.5, 1.0, 2.0))
    pixels = preprocess(Image.new("RGB", (5, 5), (255, 51, 0)))
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pixels[:, 0, 0], [0.9 / 0.5, 0.0, -0.3 / 2.0], atol=1e-6)
    np.testing.assert_allclose(pixels, np.broadcast_to(pixels[:, :1, :1], (3, 2, 2)))


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((32, 8), (12, 0, 20, 8)),
        ((8, 32), (0, 12, 8, 20)),
        ((11, 8), (2, 0, 10, 8)),  # a half is rounded to the even neighbour, 1.5 and
        ((13, 8), (2, 0, 10, 8)),  # 2.5 alike
        ((8, 8), (0, 0, 8, 8)),
    ],
)
def test_shortest_keeps_the_centre(size: tuple[int, int], box: tuple[int, int, int, int]) -> None:
    image = noise(*size)
    assert_shows(Preprocessing((8, 8), **PLAIN), image, image.crop(box))


def test_shortest_cuts_off_the_fraction_of_the_longer_side() -> None:
    image = noise(19, 13)  # 8 * 19 / 13 is 11.7
    expected = image.resize((11, 8), BICUBIC).crop((2, 0, 10, 8))
    assert_shows(Preprocessing((8, 8), **PLAIN), image, expected)


def test_shortest_covers_an_input_that_is_no_square() -> None:
    image = noise(40, 40)  # to cover 4 rows of 10 it becomes 10 x 10
    expected = image.resize((10, 10), BICUBIC).crop((0, 3, 10, 7))
    assert_shows(Preprocessing((4, 10), **PLAIN), image, expected)


def test_squash_ignores_the_aspect_ratio() -> None:
    image = noise(40, 13)
    expected = image.resize((10, 4), BICUBIC)
    assert_shows(Preprocessing((4, 10), resize_mode="squash", **PLAIN), image, expected)


@pytest.mark.parametrize(
    ("size", "shown", "place"),
    [
        ((16, 10), (8, 5), (0, 1)),
        ((16, 11), (8, 6), (0, 1)),  # 5.5 rows
        ((11, 16), (6, 8), (1, 0)),
    ],
)
def test_longest_shows_the_whole_image_and_fills_the_rest(
    size: tuple[int, int], shown: tuple[int, int], place: tuple[int, int]
) -> None:
    image = noise(*size)
    expected = Image.new("RGB", (8, 8), (90, 90, 90))
    expected.paste(image.resize(shown, BICUBIC), place)
    assert_shows(Preprocessing((8, 8), resize_mode="longest", fill_color=90, **PLAIN), image, expected)


def test_the_interpolation_is_the_one_that_is_named() -> None:
    image = noise(24, 24)
    smooth = Preprocessing((8, 8), interpolation="bilinear", **PLAIN)
    assert_shows(smooth, image, image.resize((8, 8), BILINEAR))
    assert np.abs(smooth(image) - Preprocessing((8, 8), **PLAIN)(image)).max() > 0.01


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("size", [(1, 60_000), (60_000, 1)])
def test_thin_strips_do_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, mode: Any, size: tuple[int, int]
) -> None:
    resize = Image.Image.resize

    def bounded(image: Image.Image, size: tuple[int, int], *options: Any, **more: Any) -> Image.Image:
        assert max(size) <= 16 * 224
        return resize(image, size, *options, **more)

    monkeypatch.setattr(Image.Image, "resize", bounded)
    preprocess = Preprocessing((224, 224), resize_mode=mode, fill_color=255, **PLAIN)
    np.testing.assert_allclose(preprocess(Image.new("RGB", size, "white")), 1)


def test_pixels_are_normalised_as_torch_does_it_to_the_last_bit() -> None:
    mean, std = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    image = noise(224, 224)
    levels = np.asarray(image, dtype=np.float32) / np.float32(255)
    expected = (levels - np.float32(mean)) / np.float32(std)
    np.testing.assert_array_equal(Preprocessing((224, 224), mean, std)(image), np.moveaxis(expected, -1, 0))


# Large photos


def photo(width: int, height: int) -> Image.Image:
    """Smooth shades, hard edges and the grain of a sensor."""
    draw = np.random.default_rng(7)
    coarse = draw.normal((120, 110, 90), (50, 45, 40), size=(6, 8, 3)).clip(0, 255).astype(np.uint8)
    shades = Image.fromarray(coarse).resize((width, height), BICUBIC)
    shades.paste((180, 170, 120), (width // 5, height // 4, width // 2, height // 3))
    shades.paste((60, 50, 60), (width // 2, height // 3, width // 2 + 9, height))
    grain = draw.normal(0, 3, size=(height, width, 1))
    return Image.fromarray((np.asarray(shades) + grain).clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, **settings)
    return buffer.getvalue()


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_a_large_jpeg_is_decoded_smaller_and_nobody_can_tell(
    subsampling: str, factor: int, mode: Any
) -> None:
    preprocess = Preprocessing((32, 32), resize_mode=mode, **IN_LEVELS)
    file = jpeg(photo(288 * factor, 192 * factor), subsampling=subsampling)
    difference = np.abs(preprocess.read_image(file) - unreduced(preprocess, open_image(file)))
    assert (difference > 0.5).sum() > 0
    assert (difference < 1.5).mean() >= 0.999


def test_the_same_holds_for_real_photos(shared_data: Path) -> None:
    """Doubled in size, photos from the web are as soft as those of a camera."""
    preprocess = Preprocessing((20, 20), **IN_LEVELS)
    within = []
    for path in sorted((shared_data / "imagenet-samples").glob("*.jpg"))[::50]:
        with Image.open(path) as small:
            size = small.width * 2 // 16 * 16, small.height * 2 // 16 * 16
            file = jpeg(small.convert("RGB").resize(size, BICUBIC), subsampling="4:2:0")
        if min(size) >= 2 * 6 * 20:
            difference = np.abs(preprocess.read_image(file) - unreduced(preprocess, open_image(file)))
            within.append((difference < 1.5).mean())
    assert len(within) >= 10
    assert np.mean(within) >= 0.999


def test_a_jpeg_that_is_not_large_enough_is_decoded_in_full() -> None:
    preprocess = Preprocessing((32, 32), **IN_LEVELS)
    file = jpeg(photo(384, 304))
    np.testing.assert_array_equal(preprocess.read_image(file), unreduced(preprocess, open_image(file)))


def test_other_large_images_are_averaged_first_and_nobody_can_tell() -> None:
    preprocess = Preprocessing((32, 32), **IN_LEVELS)
    large = photo(501, 347)
    difference = np.abs(preprocess(large) - unreduced(preprocess, large))
    assert (difference > 0.5).sum() > 0
    assert (difference < 1.5).mean() >= 0.999


def test_photos_of_ordinary_size_are_resized_in_one_go() -> None:
    preprocess = Preprocessing((32, 32), **IN_LEVELS)
    ordinary = photo(419, 319)  # not quite ten times as large
    np.testing.assert_array_equal(preprocess(ordinary), unreduced(preprocess, ordinary))


def unreduced(preprocess: Preprocessing, image: Image.Image) -> FloatArray:
    """The pixels when all resizing is the one of the encoder's training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clipcoder.encoders.onnx.preprocessing.REDUCING_GAP", 10_000)
        return preprocess(image)


def test_threads_may_share_it() -> None:
    preprocess = Preprocessing((32, 32), mean=(0.5,) * 3, std=(0.2,) * 3)
    files = [jpeg(noise(40 + 8 * i, 50)) for i in range(8)]
    expected = [preprocess.read_image(file) for file in files]
    with ThreadPoolExecutor(4) as threads:
        for pixels, other in zip(threads.map(preprocess.read_image, files * 5), expected * 5, strict=True):
            np.testing.assert_array_equal(pixels, other)


# The file


def test_a_file_says_it_all(tmp_path: Path) -> None:
    write_json(
        tmp_path / "cfg.json",
        {
            "size": [4, 6],
            "mode": "RGB",
            "mean": [0.1, 0, -0.3],
            "std": [1, 2, 3.5],
            "interpolation": "bilinear",
            "resize_mode": "longest",
            "fill_color": 255,
        },
    )
    assert Preprocessing.read(tmp_path / "cfg.json") == Preprocessing(
        (4, 6), (0.1, 0, -0.3), (1, 2, 3.5), "bilinear", "longest", 255
    )


def test_what_older_files_do_not_say_is_what_open_clip_then_did(tmp_path: Path) -> None:
    write_json(tmp_path / "cfg.json", SETTINGS)
    assert Preprocessing.read(tmp_path / "cfg.json") == Preprocessing(
        (8, 8), (0.5,) * 3, (0.2,) * 3, "bicubic", "shortest", 0
    )


@pytest.mark.parametrize("key", SETTINGS)
def test_what_an_image_needs_is_never_guessed(tmp_path: Path, key: str) -> None:
    write_json(tmp_path / "cfg.json", {k: v for k, v in SETTINGS.items() if k != key})
    with pytest.raises(InvalidInputError, match=rf"cfg\.json' lacks '{key}'"):
        Preprocessing.read(tmp_path / "cfg.json")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("size", 0),
        ("size", [8, 8, 8]),
        ("size", True),
        ("size", "224"),
        ("mode", "L"),
        ("mean", 0.5),
        ("mean", [0.5, 0.5]),
        ("mean", [0.5, 0.5, float("nan")]),
        ("std", [0.2, 0.2, 0]),
        ("interpolation", "random"),
        ("interpolation", ["bicubic"]),
        ("resize_mode", "stretch"),
        ("fill_color", 256),
        ("fill_color", -1),
        ("fill_color", 1.0),
        ("fill_color", False),
    ],
)
def test_a_value_that_makes_no_sense_is_named(tmp_path: Path, key: str, value: object) -> None:
    write_json(tmp_path / "cfg.json", {**SETTINGS, key: value})
    with pytest.raises(InvalidInputError, match=rf"^'{key}' in '.*cfg\.json' must be .*, got "):
        Preprocessing.read(tmp_path / "cfg.json")
