"""Opening images: every form comes out upright and in RGB, and what is broken is named."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
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


def test_colours_of_print_become_those_of_a_screen() -> None:
    file = encoded(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG", quality=95)
    for at_least in (None, (8, 8)):
        red, green, blue = open_image(file, at_least=at_least).getpixel((3, 3))
        assert red > 240
        assert max(green, blue) < 15


def test_a_palette_with_a_transparent_colour_lies_on_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    shown = open_image(encoded(image, "PNG", transparency=0))
    assert np.asarray(shown)[0].tolist() == [[255, 255, 255], [0, 0, 255]]


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "GIF"])
def test_of_other_animations_too_the_first_frame_is_taken(form: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    moving = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    red, green, blue = open_image(moving).getpixel((8, 8))
    assert (red > 240, green < 15, blue < 15) == (True,) * 3


def test_damaged_notes_of_a_camera_do_not_spoil_its_photo(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(image: Image.Image) -> None:
        raise SyntaxError("not a TIFF file")

    monkeypatch.setattr(Image.Image, "getexif", fail)
    assert open_image(encoded(Image.new("RGB", (40, 20)), "JPEG")).size == (40, 20)


# PIL images that are handed in


def test_what_is_handed_in_is_copied_and_left_as_it_was() -> None:
    image = Image.new("RGB", (4, 3), "red")
    opened = open_image(image)
    opened.putpixel((0, 0), (0, 0, 0))
    assert image.getpixel((0, 0)) == (255, 0, 0)
    lazy = Image.open(io.BytesIO(encoded(Image.new("RGB", (64, 48)), "JPEG")))
    assert open_image(lazy, at_least=(8, 8)).size == lazy.size == (64, 48)


def test_threads_may_be_handed_one_file_that_nobody_has_decoded_yet() -> None:
    file = encoded(Image.effect_noise((300, 200), 60).convert("RGB"))
    expected = open_image(file).tobytes()
    for _ in range(5):
        lazy = Image.open(io.BytesIO(file))
        with ThreadPoolExecutor(4) as threads:
            assert {image.tobytes() for image in threads.map(open_image, [lazy] * 8)} == {expected}


# Large photos, decoded smaller

SIDEWAYS = 6  # an EXIF orientation


@pytest.mark.parametrize(
    ("at_least", "size"),
    [
        ((8, 6), (8, 6)),
        ((9, 6), (16, 12)),
        ((8, 7), (16, 12)),
        ((16, 12), (16, 12)),
        ((20, 5), (32, 24)),
        ((33, 24), (64, 48)),
        ((500, 500), (64, 48)),
        (None, (64, 48)),
    ],
)
def test_a_jpeg_comes_out_smaller_but_never_too_small(
    at_least: tuple[int, int] | None, size: tuple[int, int]
) -> None:
    photo = Image.new("RGB", (64, 48), (200, 90, 40))
    exif = Image.Exif()
    exif[0x0112] = SIDEWAYS
    upright = open_image(encoded(photo, "JPEG"), at_least=at_least)
    turned = open_image(
        encoded(photo.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif), at_least=at_least
    )
    assert upright.size == turned.size == size
    assert np.abs(np.subtract(upright.getpixel((1, 1)), (200, 90, 40))).max() < 4


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (60, 44)])
def test_sides_that_are_no_multiples_are_not_shrunk_past_a_fraction(size: tuple[int, int]) -> None:
    smaller = open_image(encoded(Image.new("RGB", size), "JPEG"), at_least=(4, 4))
    assert smaller.size == ((15, 11) if size == (60, 44) else size)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "BMP", "GIF", "TIFF"])
def test_other_formats_know_no_smaller_size(form: str) -> None:
    assert open_image(encoded(Image.new("RGB", (64, 48)), form), at_least=(8, 6)).size == (64, 48)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_every_kind_of_jpeg_can_come_out_smaller(mode: str, progressive: bool) -> None:
    file = encoded(Image.new(mode, (64, 48)), "JPEG", progressive=progressive)
    image = open_image(file, at_least=(16, 12))
    assert (image.mode, image.size) == ("RGB", (16, 12))


def test_the_first_picture_of_a_phone_s_file_can_come_out_smaller() -> None:
    pictures = [Image.new("RGB", (64, 48), colour) for colour in ("red", "blue")]
    file = encoded(pictures[0], "MPO", save_all=True, append_images=pictures[1:])
    image = open_image(file, at_least=(16, 12))
    assert image.size == (16, 12)
    assert image.getpixel((4, 4))[0] > 240


def test_a_cut_jpeg_is_refused_at_any_size() -> None:
    file = encoded(Image.effect_noise((640, 480), 60), "JPEG")
    with pytest.raises(UnreadableImageError, match="truncated"):
        open_image(file[: len(file) // 2], at_least=(80, 60))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_hundred_megapixels_take_the_memory_of_a_small_photo() -> None:
    file = encoded(Image.new("L", (10_000, 10_000), 77), "JPEG")
    assert open_image(file, at_least=(1120, 1120)).size == (1250, 1250)


# What cannot be read


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
