"""Opening images: every form comes out upright and in RGB, and what is broken is named."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipcoder.encoders.images import open_image
from clipcoder.errors import InvalidInputError, UnreadableImageError


def encoded(image: Image.Image, form: str = "PNG", **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=form, **settings)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LA", "I", "F", "I;16"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = open_image(Image.new(mode, (4, 3)))
    assert (image.mode, image.size) == ("RGB", (4, 3))


def test_paths_bytes_and_pil_images_give_the_same_pixels(tmp_path: Path) -> None:
    photo = Image.effect_noise((20, 10), 60).convert("RGB")
    file = tmp_path / "photo.png"
    photo.save(file)
    expected = photo.tobytes()
    assert all(
        open_image(source).tobytes() == expected for source in (file, str(file), encoded(photo), photo)
    )


def test_transparent_pixels_lie_on_white() -> None:
    layer = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    layer.putpixel((1, 0), (0, 0, 0, 0))
    assert list(np.asarray(open_image(encoded(layer)))[0].tolist()) == [[255, 0, 0], [255, 255, 255]]


def test_photos_are_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # taken with the camera turned
    turned = encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif.tobytes())
    assert open_image(turned).size == (20, 40)


def test_of_an_animation_the_first_frame_is_taken() -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_image(moving).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize(("level", "expected"), [(65535, 255), (32768, 127), (200, 200)])
def test_deep_grey_levels_are_scaled_and_not_cut(level: int, expected: int) -> None:
    image = Image.fromarray(np.full((2, 2), level, dtype=np.uint16))
    assert open_image(image).getpixel((0, 0)) == (expected,) * 3


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no image in a format that Pillow knows"),
        (b"GIF89a", "."),
        (encoded(Image.effect_noise((64, 64), 60))[:900], "truncated"),
        (encoded(Image.effect_noise((64, 64), 60), "JPEG")[:900], "truncated"),
    ],
)
def test_broken_bytes_are_refused_with_a_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImageError, match=f"in {len(content)} bytes: .*{reason}"):
        open_image(content)


def test_absent_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"'.*absent.png': there is no such file"):
        open_image(tmp_path / "absent.png")
    with pytest.raises(UnreadableImageError, match="it is a folder"):
        open_image(tmp_path)


def test_a_file_that_may_not_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(UnreadableImageError, match=r"'secret\.png': it may not be read"):
        open_image("secret.png")


def test_a_decompression_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UnreadableImageError, match="more than 200 pixels"):
        open_image(encoded(Image.new("RGB", (20, 11))))


@pytest.mark.parametrize("source", [np.zeros((4, 3, 3), np.uint8), ["photo.png"], None, 3])
def test_what_is_no_image_is_told_what_is_one(source: object) -> None:
    with pytest.raises(InvalidInputError, match=f"or a PIL image, not {type(source).__name__}; PIL.Image"):
        open_image(source)
