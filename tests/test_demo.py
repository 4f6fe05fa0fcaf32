"""The demo: its photos and names, its count, and the whole of it where the real photos are installed."""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from toy_encoder import plain

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = tomllib.loads((ROOT / "demo" / "photos.toml").read_text(encoding="utf-8"))["photo"]
NAMES = (ROOT / "demo" / "classes.txt").read_text(encoding="utf-8").split("\n")[:-1]


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The demo's program, writing into a temporary folder."""
    spec = importlib.util.spec_from_file_location("demo_run", ROOT / "demo" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "OUTPUT", tmp_path / "demo-output")
    return module


def predictions(demo: ModuleType, right: int) -> dict[str, str]:
    """Write predictions of which so many are right, and return the truths."""
    truths = {f"{i}.png": "cat" for i in range(10)}
    demo.OUTPUT.mkdir()
    with (demo.OUTPUT / "predictions.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label"])
        writer.writerows([f"photos/{i}.png", "cat" if i < right else "dog"] for i in range(10))
    return truths


def test_there_are_enough_photos_and_names_and_every_photo_has_one_right_name() -> None:
    assert len(PHOTOS) >= 10
    assert len(set(NAMES)) == len(NAMES) >= 25
    assert {photo["truth"] for photo in PHOTOS} <= set(NAMES)
    assert all(photo["licence"] for photo in PHOTOS)


def test_photos_are_laid_out_afresh(demo: ModuleType, tmp_path: Path) -> None:
    for photo in PHOTOS:
        file = tmp_path / "packages" / photo["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        plain((1, 2, 3)).save(file)
    (demo.OUTPUT / "photos").mkdir(parents=True)
    (demo.OUTPUT / "photos" / "left-over.png").touch()
    truths = demo.lay_out(tmp_path / "packages")
    assert sorted(truths) == sorted(path.name for path in (demo.OUTPUT / "photos").iterdir())
    assert truths["chelsea.png"] == "cat"


@pytest.mark.parametrize(("right", "status"), [(10, 0), (8, 0), (7, 1), (0, 1)])
def test_eight_of_ten_must_be_right(
    demo: ModuleType, capsys: pytest.CaptureFixture[str], right: int, status: int
) -> None:
    assert demo.report(predictions(demo, right)) == status
    said = capsys.readouterr().out
    assert f"{right} of 10 right" in said
    assert said.count("it was taken for: dog") == 10 - right


def test_a_photo_without_a_prediction_counts_as_wrong(
    demo: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    truths = predictions(demo, 10) | {f"unread-{i}.png": "cat" for i in range(3)}
    assert demo.report(truths) == 1
    assert "it was taken for: nothing" in capsys.readouterr().out


def test_the_whole_demo_on_real_photos() -> None:
    packages = Path(os.environ.get("CLIPCODER_DEMO_PHOTOS", ROOT / ".venv" / "demo-photos"))
    if not packages.is_dir():
        pytest.skip("the demo's photos are not installed: make demo")
    command = [sys.executable, str(ROOT / "demo" / "run.py"), str(packages)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (ROOT / "demo-output" / "sheet.png").stat().st_size > 100_000
