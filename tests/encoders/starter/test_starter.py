"""The encoder in the package, on what it should know and on what can go wrong. `contract.py` has the rest."""

from __future__ import annotations

import io
import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipcoder.encoders import load_encoder
from clipcoder.encoders.images import open_image
from clipcoder.encoders.starter.encoder import FILES, StarterEncoder, two_views
from clipcoder.errors import InvalidInputError

ASSETS = Path(str(resources.files("clipcoder"))) / "assets" / "starter"


@pytest.fixture(scope="module")
def starter() -> StarterEncoder:
    return StarterEncoder.load()


def nearest(starter: StarterEncoder, text: str, others: list[str]) -> str:
    prompts = [f"a photo of a {name}" for name in (text, *others)]
    rows = starter.encode_texts(prompts)
    return others[int((rows[1:] @ rows[0]).argmax())]


@pytest.mark.parametrize(
    ("name", "near", "far"),
    [
        ("tabby", "cat", ["rocket", "coffee cup", "church"]),
        ("gerenuk", "antelope", ["guitar", "pizza", "beetle"]),
        ("minivan", "car", ["fish", "violin", "mushroom"]),
        ("great white shark", "fish", ["white wine", "great pyramid", "desk"]),
    ],
)
def test_names_lie_near_what_they_mean(starter: StarterEncoder, name: str, near: str, far: list[str]) -> None:
    assert nearest(starter, name, [near, *far]) == near


def test_it_fits_into_fifteen_megabytes() -> None:
    assert sum(path.stat().st_size for path in ASSETS.iterdir()) < 15e6


def test_load_encoder_gives_it() -> None:
    encoder = load_encoder("starter")
    assert isinstance(encoder, StarterEncoder)
    assert (encoder.name, encoder.dim) == ("starter", 1024)
    assert 5 < encoder.logit_scale < 100


@pytest.mark.parametrize(
    "text", ["", "   ", "日本語", "\N{GRINNING FACE}", "a" * 5000, "photo " * 5000, "\0"]
)
def test_odd_texts_are_texts(starter: StarterEncoder, text: str) -> None:
    (row,) = starter.encode_texts([text])
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)


def test_case_and_accents_do_not_matter(starter: StarterEncoder) -> None:
    plain, odd = starter.encode_texts(["a photo of a cafe", "A Photo of a CAFÉ"])
    np.testing.assert_array_equal(plain, odd)


def test_the_views_are_the_middle_and_the_whole() -> None:
    image = Image.new("RGB", (400, 200), "red")
    image.paste("blue", (100, 0, 300, 200))
    middle, whole = two_views(image, 64)
    assert (middle == (0, 0, 255)).all()
    assert (whole[:, :14] == (255, 0, 0)).all()
    assert (whole[:, 18:46] == (0, 0, 255)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 2), (260, 260)])
def test_any_shape_becomes_a_square(size: tuple[int, int]) -> None:
    assert two_views(Image.new("RGB", size, "green"), 260).shape == (2, 260, 260, 3)


def test_a_large_photo_is_decoded_smaller_and_nobody_can_tell(starter: StarterEncoder) -> None:
    draw = np.random.default_rng(3)
    coarse = draw.normal((120, 110, 90), 45, size=(24, 32, 3)).clip(0, 255).astype(np.uint8)
    photo = Image.fromarray(coarse).resize((4672, 3504), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=92)
    seen = starter.prepare_image(file.getvalue()).astype(int)
    size = seen.shape[1]
    full = np.stack([np.asarray(view) for view in _views(open_image(file.getvalue()), size)]).astype(int)
    assert (np.abs(seen - full) <= 1).mean() >= 0.999


def _views(image: Image.Image, size: int) -> list[Image.Image]:
    """What ``two_views`` shows, resized in one go."""
    side = min(image.size) * size / (size + 32)
    left, top = ((full - side) / 2 for full in image.size)
    boxes = (left, top, left + side, top + side), (0, 0, *image.size)
    return [image.resize((size, size), Image.Resampling.BICUBIC, box=box) for box in boxes]


@pytest.mark.parametrize("size", [(300, 200), (1024, 768), (2500, 1800)])
def test_photos_of_ordinary_size_are_resized_in_one_go(size: tuple[int, int]) -> None:
    image = Image.effect_noise(size, 80).convert("RGB")
    expected = np.stack([np.asarray(view) for view in _views(image, 260)])
    np.testing.assert_array_equal(two_views(image, 260), expected)


# What it offers


def test_what_it_computes_in_and_on(starter: StarterEncoder) -> None:
    assert (starter.precision, starter.batch_size, starter.logit_bias) == ("float32", 16, None)
    assert StarterEncoder.load(device="cpu", precision="auto", batch_size=3).batch_size == 3


@pytest.mark.parametrize("precision", ["bfloat16", "float16", "int8", "float64"])
def test_a_precision_that_changes_labels_is_refused(precision: str) -> None:
    with pytest.raises(InvalidInputError, match=f"computes in float32, not in '{precision}'"):
        StarterEncoder.load(precision=precision)


def test_other_devices_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="on the device 'cpu', not on 'cuda'"):
        StarterEncoder.load(device="cuda")


@pytest.mark.parametrize("batch_size", [0, 2.5])
def test_batches_of_nothing_are_refused(batch_size: object) -> None:
    with pytest.raises(InvalidInputError, match="batch_size must be a whole number"):
        StarterEncoder.load(batch_size=batch_size)


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_part_of_the_fingerprint(starter: StarterEncoder, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    shutil.copytree(ASSETS, folder)
    changed = StarterEncoder.load(folder)
    with (folder / name).open("ab") as file:
        file.write(b" ")
    assert changed.fingerprint() != starter.fingerprint()


# What can go wrong


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_damaged_file_is_one_sentence(name: str, damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    shutil.copytree(ASSETS, folder)
    path = folder / name
    whole = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"")
    with pytest.raises(InvalidInputError, match="install the package again") as caught:
        StarterEncoder.load(folder)
    assert str(folder) in str(caught.value)


def test_files_of_two_trainings_do_not_go_together(tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    shutil.copytree(ASSETS, folder)
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"keep"', '"kept"'))
    with pytest.raises(InvalidInputError, match="install the package again"):
        StarterEncoder.load(folder)
