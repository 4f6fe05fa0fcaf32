"""Random views of labelled images: which ones, of what, and that nobody encodes them twice."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

from clipcoder import CachedEncoder, FeatureStore, FewShotClassifier
from clipcoder.encoders.ahead import WORKERS
from clipcoder.errors import InvalidInputError, UnreadableImageError
from clipcoder.pipeline.views import encode_views, random_views
from staged_encoder import CountingEncoder
from toy_encoder import ColourEncoder, StagedColourEncoder, plain, png

MAP = Image.merge(  # whose red says how far to the right a pixel lies, and whose green how far down
    "RGB", [Image.linear_gradient("L").rotate(90), Image.linear_gradient("L"), Image.new("L", (256, 256))]
)
PHOTOS = [MAP.crop((16 * i, 8 * i, 16 * i + 90, 8 * i + 60)) for i in range(6)]


def pixels(views: Any) -> list[bytes]:
    return [view.tobytes() for view in views]


def jpeg(image: Image.Image, *, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90, exif=exif)
    return buffer.getvalue()


def unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


class Watching(StagedColourEncoder):
    """An encoder that remembers what was prepared, and how much of it waited at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[tuple[int, int]] = []
        self.ahead = 0

    def prepare_image(self, image: Any) -> Any:
        if isinstance(image, Image.Image):
            self.sizes.append(image.size)
        return super().prepare_image(image)

    def encode_prepared(self, prepared: Sequence[Any]) -> Any:
        self.ahead = max(self.ahead, len(self.sizes) - sum(self.batches))
        return super().encode_prepared(prepared)


# Which ones


def test_a_view_is_a_part_of_half_the_area_or_more_of_nearly_its_shape_and_every_second_one_is_mirrored() -> (
    None
):
    mirrored = []
    for view in random_views(MAP, 200):
        far_right, far_down = (np.asarray(view, dtype=float)[..., channel] for channel in (0, 1))
        width, height = abs(far_right[:, -1] - far_right[:, 0]).mean(), np.ptp(far_down, axis=0).mean()
        assert 0.49 * 255**2 < width * height < 1.01 * 255**2
        assert 0.73 < width / height < 1.37
        assert far_down[0].mean() < far_down[-1].mean()
        mirrored.append(far_right[0, 0] > far_right[0, -1])
    assert 0.4 < np.mean(mirrored) < 0.6


def test_a_view_of_a_narrow_image_stays_within_it() -> None:
    for size in [(300, 20), (20, 300), (1, 1), (1, 7)]:
        views = list(random_views(Image.new("RGB", size, "teal"), 20))
        assert {view.size for view in views} == {(min(size), min(size))}
        assert {view.getpixel((0, 0)) for view in views} == {(0, 128, 128)}


def test_views_depend_on_the_pixels_and_the_seed_alone() -> None:
    views = pixels(random_views(MAP, 6))
    assert pixels(random_views(MAP.copy(), 3)) == views[:3]
    assert len(set(views)) == 6
    assert not set(views) & set(pixels(random_views(MAP, 6, seed=1)))
    turned = MAP.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    flat = (view.transpose(Image.Transpose.FLIP_TOP_BOTTOM) for view in random_views(turned, 6))
    assert not set(views) & set(pixels(flat))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(png(MAP), id="png"),
        pytest.param(png(MAP.quantize(8)), id="palette"),
        pytest.param(jpeg(MAP), id="jpeg"),
        pytest.param(jpeg(MAP, orientation=6), id="a jpeg on its side"),
        pytest.param(jpeg(MAP.resize((4096, 2560))), id="a jpeg that could be decoded smaller"),
    ],
)
def test_paths_bytes_and_images_have_the_same_views(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "image"
    file.write_bytes(content)
    with Image.open(file) as opened:
        opened.load()
    rows = encode_views(ColourEncoder(), [file, str(file), content, opened], 2)
    np.testing.assert_array_equal(rows[1:3], rows[[0, 0]])
    np.testing.assert_allclose(rows[3], rows[0], atol=1e-4)  # by itself an image may be decoded smaller


def test_views_are_no_larger_than_what_encoders_look_at() -> None:
    encoder = Watching()
    encode_views(encoder, [MAP.resize((2600, 2200)), MAP], 2)
    assert encoder.sizes == [(2600, 2200), (512, 512), (512, 512), (256, 256), (256, 256), (256, 256)]


# What comes of them


def test_a_feature_is_the_mean_of_the_image_and_its_views() -> None:
    encoder = ColourEncoder()
    expected = [
        unit(encoder.encode_images([photo, *random_views(photo, 4, seed=3)]).sum(axis=0)) for photo in PHOTOS
    ]
    np.testing.assert_allclose(encode_views(encoder, PHOTOS, 4, seed=3), expected, atol=1e-6)
    assert np.abs(encode_views(encoder, PHOTOS, 4, seed=3) - encoder.encode_images(PHOTOS)).max() > 1e-3


def test_without_views_it_is_the_image_alone() -> None:
    encoder = ColourEncoder()
    np.testing.assert_allclose(
        encode_views(encoder, PHOTOS, 0), ColourEncoder().encode_images(PHOTOS), atol=1e-6
    )
    assert sum(encoder.batch_sizes) == len(PHOTOS)


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_the_batch_size_changes_the_calls_alone(batch_size: int) -> None:
    encoder = StagedColourEncoder()
    found = encode_views(encoder, PHOTOS, 3, batch_size=batch_size)
    np.testing.assert_allclose(found, encode_views(ColourEncoder(), PHOTOS, 3), atol=1e-6)
    assert max(encoder.batches) == min(batch_size, 24)


def test_a_second_fit_encodes_nothing(tmp_path: Path) -> None:
    inner = CountingEncoder()
    encoder = CachedEncoder(inner, FeatureStore(tmp_path))
    labels = ["a", "b"] * 3
    first = FewShotClassifier(encoder, views=5).fit(PHOTOS, labels)
    assert sum(inner.images) == 6 * 6
    again = FewShotClassifier(encoder, views=5).fit([png(photo) for photo in PHOTOS], labels)
    assert sum(inner.images) == 6 * 6 + 6  # their files are new to the cache, their views are not
    np.testing.assert_allclose(again.fitted_.head.weights, first.fitted_.head.weights, atol=1e-5)
    FewShotClassifier(encoder, views=5).fit(PHOTOS, labels)
    assert sum(inner.images) == 6 * 6 + 6


def test_memory_does_not_grow_with_the_number_of_images() -> None:
    encoder = Watching()
    encode_views(encoder, [plain((i, 90, 9)) for i in range(100)], 3)
    assert sum(encoder.batches) == 400
    assert encoder.ahead <= 2 * encoder.batch_size + WORKERS


@pytest.mark.parametrize("views", [0, 3])
def test_of_unreadable_images_the_first_is_named(views: int, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(png(MAP)[:200])
    with pytest.raises(UnreadableImageError, match=r"broken\.png'"):
        encode_views(StagedColourEncoder(), [*PHOTOS, broken, tmp_path / "absent.png", *PHOTOS], views)


def test_features_have_no_views() -> None:
    features = ColourEncoder().encode_images(PHOTOS)
    plainly, with_views = (
        FewShotClassifier(ColourEncoder(), views=views).fit(features, ["a", "b"] * 3) for views in (0, 3)
    )
    np.testing.assert_array_equal(with_views.predict_proba(features), plainly.predict_proba(features))


@pytest.mark.parametrize("number", [-1, 1.0, "2", True, None])
def test_what_is_no_number_of_views_and_no_seed_is_refused(number: Any) -> None:
    with pytest.raises(InvalidInputError, match="views must be a whole number, 0 or more, not"):
        encode_views(ColourEncoder(), PHOTOS, number)
    with pytest.raises(InvalidInputError, match="the seed of views must be a whole number, 0 or more, not"):
        encode_views(ColourEncoder(), PHOTOS, 1, seed=number)


def test_numbers_may_be_numpys() -> None:
    found = encode_views(ColourEncoder(), PHOTOS, np.int64(2), seed=np.int32(1))
    np.testing.assert_array_equal(found, encode_views(ColourEncoder(), PHOTOS, 2, seed=1))
