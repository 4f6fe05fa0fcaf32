"""``clipcoder suggest``: from a folder of photos to a table to be filled in, and on to ``clipcoder fit``."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from clipcoder.bank import TextBank
from clipcoder.cli import commands, suggestions
from clipcoder.cli.labelled import LabelledImages
from clipcoder.paths import CACHE_VARIABLE
from toy_encoder import ColourEncoder, StagedColourEncoder, plain, png

NAMES = ["--classes", "tomato,sky,grass", "--method", "clip", "--model", "colours"]
HEAPS = {"red": (250, 0, 0), "blue": (0, 0, 250), "green": (0, 250, 0), "olive": (220, 221, 0)}


class Known(StagedColourEncoder):
    """A staged encoder that a feature cache may know."""

    def fingerprint(self) -> str:
        return "c0104c0104"


@pytest.fixture(autouse=True)
def _colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr("clipcoder.encoders.load_encoder", lambda name, **options: ColourEncoder())


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Five shades each of red, blue, green and a yellow between two classes, one folder for all."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, (red, green, blue) in HEAPS.items():
        for i in range(5):
            shade = (red, green, i) if name != "blue" else (i, green, blue)
            plain(shade).save(folder / f"{name}{i}.png")
    return folder


@pytest.fixture
def out(photos: Path) -> Path:
    return photos.parent / "labels.csv"


def run(*arguments: object, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(commands.main, [str(argument) for argument in arguments], input=stdin)


def suggest(*arguments: object, stdin: bytes = b"") -> Result:
    return run("suggest", *arguments, *NAMES, stdin=stdin)


def suggested(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def heap(path: str) -> str:
    return Path(path).stem.rstrip("0123456789")


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def refused(result: Result) -> str:
    """Return the one sentence."""
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    return result.stderr


# What it says


def test_one_photo_of_every_heap_and_the_doubtful_one_first(photos: Path) -> None:
    found = suggested(suggest(photos, "--budget", 4, "--json"))
    assert {heap(line["path"]) for line in found} == set(HEAPS)
    first = found[0]
    assert heap(first["path"]) == "olive"
    assert first["why"] == "uncertain between grass and tomato; stands for 5 images like it"
    assert first["stands_for"] == 5
    assert (first["guess"], first["probability"]) == (
        first["top"][0]["class"],
        first["top"][0]["probability"],
    )
    assert [option["class"] for option in first["top"]] == ["grass", "tomato"]


def test_a_table_says_it_in_order(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos.parent)
    said = suggest(photos.name, "--budget", 4).stdout
    lines = [line for line in said.splitlines() if ".png" in line]
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4"]
    assert "uncertain between" in lines[0]
    assert all("probably" in line for line in lines[1:])


def test_a_photo_like_no_other_says_so(photos: Path) -> None:
    found = suggested(suggest(photos, "--budget", 20, "--json"))
    assert len(found) == 20
    assert all(line["why"].endswith("; like no other") for line in found)


def test_a_bank_of_texts_has_the_classes(photos: Path, tmp_path: Path) -> None:
    TextBank.from_names(["sky", "grass"]).save(tmp_path / "bank.json")
    options = ["--texts", tmp_path / "bank.json", "--method", "clip", "--model", "colours", "--json"]
    found = suggested(run("suggest", photos, *options))
    assert {option["class"] for line in found for option in line["top"]} == {"sky", "grass"}


def test_photos_are_read_from_a_list(photos: Path) -> None:
    listed = "\n".join(str(path) for path in sorted(photos.iterdir())[:3]).encode()
    assert len(suggested(suggest("-", "--json", stdin=listed))) == 3


def test_what_was_encoded_once_is_not_encoded_again(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Known] = []

    def load(name: str, **options: object) -> Known:
        opened.append(Known())
        return opened[-1]

    monkeypatch.setattr("clipcoder.encoders.load_encoder", load)
    assert suggested(suggest(photos, "--json")) == suggested(suggest(photos, "--json"))
    assert [sum(encoder.batches) for encoder in opened] == [20, 0]


# A table to be filled in


def test_the_table_has_paths_guesses_and_no_labels(photos: Path, out: Path) -> None:
    result = suggest(photos, "--budget", 4, "--out", out, "--json")
    found = suggested(result)
    assert f"fill in the labels in '{out}'" in result.stderr
    assert rows(out) == [
        {"path": f"photos/{Path(line['path']).name}", "label": "", "guess": line["guess"]} for line in found
    ]


def test_the_table_filled_in_is_what_fit_takes(photos: Path, out: Path, tmp_path: Path) -> None:
    suggest(photos, "--budget", 4, "--out", out)
    fill(out)
    images = LabelledImages.read(out, "TRAIN")
    assert [Path(path).is_file() for path in images.paths] == [True] * 4
    fitted = run("fit", out, "--out", tmp_path / "made.clipcoder", "--classes", "sky", "--model", "colours")
    assert fitted.exit_code == 0, fitted.stderr


def test_photos_elsewhere_are_named_by_their_whole_path(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    table = tmp_path / "tables" / "labels.csv"
    suggest(photos, "--budget", 2, "--out", table)
    assert all(Path(row["path"]).is_absolute() and Path(row["path"]).is_file() for row in rows(table))


def test_labels_are_never_written_over(photos: Path, out: Path) -> None:
    suggest(photos, "--budget", 2, "--out", out)
    assert suggest(photos, "--budget", 3, "--out", out).exit_code == 0  # nothing is filled in yet
    fill(out)
    before = out.read_text()
    said = refused(suggest(photos, "--out", out))
    assert "has 3 labels, which --out would write over" in said
    assert f"--labelled '{out}'" in said
    assert out.read_text() == before


def fill(table: Path) -> None:
    """Label every photo after its heap."""
    filled = [{**row, "label": heap(row["path"])} for row in rows(table)]
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["path", "label", "guess"])
        writer.writeheader()
        writer.writerows(filled)


# A second round


def test_a_second_round_goes_on_and_its_table_holds_both(photos: Path, out: Path) -> None:
    suggest(photos, "--budget", 2, "--out", out)
    fill(out)
    both = out.with_name("more.csv")
    second = suggested(suggest(photos, "--budget", 2, "--labelled", out, "--out", both, "--json"))
    table = rows(both)
    assert {heap(row["path"]) for row in table} == set(HEAPS)
    assert [row["label"] for row in table] == [*(row["label"] for row in rows(out)), "", ""]
    assert [Path(row["path"]).name for row in table[2:]] == [Path(line["path"]).name for line in second]


def test_labelled_photos_elsewhere_cover_as_well(photos: Path, tmp_path: Path) -> None:
    for name in ("red", "blue", "green"):
        (tmp_path / "old" / name).mkdir(parents=True)
        plain(HEAPS[name]).save(tmp_path / "old" / name / "1.png")
    found = suggested(suggest(photos, "--budget", 1, "--labelled", tmp_path / "old", "--json"))
    assert (heap(found[0]["path"]), found[0]["stands_for"]) == ("olive", 5)


# Very many photos, and bad ones


def test_of_very_many_photos_a_draw_is_looked_at(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "ENCODED", 8)
    first, again, other = (suggest(photos, "--json", "--seed", seed) for seed in (0, 0, 1))
    assert "looking at 8 of the 20 images, drawn at random; another --seed draws others" in first.stderr
    assert first.stdout == again.stdout != other.stdout
    assert len(suggested(first)) == 8


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(photos: Path, out: Path) -> None:
    (photos / "blue0.png").write_bytes(b"no image")
    result = suggest(photos, "--budget", 4, "--json", "--out", out)
    assert result.exit_code == 1
    assert "cannot read the image" in result.stderr
    assert "blue0.png" in result.stderr
    assert {heap(json.loads(line)["path"]) for line in result.stdout.splitlines()} == set(HEAPS)
    assert len(rows(out)) == 4


def test_where_nothing_can_be_read_nothing_is_written(photos: Path, out: Path) -> None:
    for photo in photos.iterdir():
        photo.write_bytes(b"no image")
    result = suggest(photos, "--out", out)
    assert (result.exit_code, result.stdout, out.exists()) == (1, "", False)


def test_a_labelled_photo_that_cannot_be_read_is_told_too(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("path,label\nphotos/red0.png,red\ngone.png,blue\n")
    result = suggest(photos, "--budget", 1, "--labelled", tmp_path / "labels.csv", "--json")
    assert result.exit_code == 1
    assert "gone.png" in result.stderr


# What does not fit


def test_photos_that_all_have_labels_are_answered_in_a_sentence(photos: Path, out: Path) -> None:
    out.write_text("path,label\nphotos/red0.png,red\n")
    said = refused(suggest(photos / "red0.png", "--labelled", out))
    assert "every image that is named has a label already" in said


def test_a_photo_on_standard_input_is_answered_in_a_sentence() -> None:
    said = refused(suggest("-", stdin=png(Image.new("RGB", (8, 8)))))
    assert "an image on standard input has no path to suggest" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--budget", "0"], "0 is not in the range x>=1"),
        (["--labelled", "gone.csv"], "cannot read --labelled 'gone.csv': no such file or directory"),
        (["--out", "labels.txt"], "--out must name a file that ends in .csv, got 'labels.txt'"),
        (["--texts", "gone.json"], "gone.json"),
    ],
)
def test_what_does_not_fit_is_answered_in_a_sentence(photos: Path, options: list[str], said: str) -> None:
    assert said in refused(suggest(photos, *options))


def test_without_classes_it_asks_for_some(photos: Path) -> None:
    assert "name the classes to choose from" in refused(run("suggest", photos))
    assert "at least 2 classes are needed" in refused(run("suggest", photos, "--classes", "cat"))
