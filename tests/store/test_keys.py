"""Keys: the same for what looks or reads the same, another for anything else."""

from __future__ import annotations

import hashlib
import io
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import pytest
from PIL import Image

from clipcoder.store.keys import bytes_key, picture_key, text_key


def palette_image(colours: list[int]) -> Image.Image:
    image = Image.new("P", (2, 1))
    image.putdata([0, 1])
    image.putpalette(colours)
    return image


def test_a_file_has_the_key_that_sha256sum_gives_it() -> None:
    assert bytes_key(b"abc") == hashlib.sha256(b"abc").hexdigest()


def test_a_text_has_the_key_of_its_utf_8_bytes() -> None:
    assert text_key("naïve 猫") == hashlib.sha256("naïve 猫".encode()).hexdigest()


def test_texts_that_differ_in_anything_have_other_keys() -> None:
    texts = ["a cat", "a cat ", "A cat", "a  cat", "", "e\u0301", "\u00e9", "\ud800"]
    assert len({text_key(text) for text in texts}) == len(texts)


def test_pictures_of_the_same_pixels_have_the_same_key(tmp_path: Path) -> None:
    picture = Image.effect_noise((9, 7), 80).convert("RGB")
    picture.save(tmp_path / "a.png")
    picture.save(tmp_path / "b.bmp")
    keys = {picture_key(Image.open(tmp_path / name)) for name in ("a.png", "b.bmp")}
    assert keys == {picture_key(picture)}


def test_whatever_changes_how_a_picture_looks_changes_its_key() -> None:
    grey = Image.new("L", (4, 2), 7)
    turned, clear = grey.copy(), grey.copy()
    turned.getexif()[0x0112] = 6
    clear.info["transparency"] = 7
    pictures = [
        grey,
        turned,
        clear,
        Image.new("L", (2, 4), 7),  # the same bytes in another shape
        Image.new("P", (4, 2), 7),  # the same bytes in another mode
        Image.new("L", (4, 2), 8),
        palette_image([0, 0, 0, 255, 0, 0]),
        palette_image([0, 0, 0, 0, 255, 0]),
        Image.new("RGBA", (4, 2), (7, 7, 7, 255)),
        Image.new("RGBA", (4, 2), (7, 7, 7, 0)),
    ]
    assert len({picture_key(picture) for picture in pictures}) == len(pictures)


def test_a_picture_that_is_not_loaded_yet_is_loaded_by_one_thread_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = Lock()
    original = Image.Image.load

    def load(image: Image.Image) -> object:
        assert alone.acquire(blocking=False)
        time.sleep(0.01)
        alone.release()
        return original(image)

    picture = Image.new("L", (4, 2))
    monkeypatch.setattr(Image.Image, "load", load)
    monkeypatch.setattr(Image.Image, "tobytes", lambda _: bytes(8))  # which loads once more
    with ThreadPoolExecutor(4) as threads:
        keys = set(threads.map(picture_key, 8 * [picture]))
    assert len(keys) == 1


def test_a_picture_and_the_file_it_came_from_are_two_things() -> None:
    buffer = io.BytesIO()
    picture = Image.new("L", (4, 2))
    picture.save(buffer, "PNG")
    assert picture_key(picture) != bytes_key(buffer.getvalue())
