"""``clipcoder fit`` and ``clipcoder classify --classifier``: from labelled photos to a classifier, and on."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from clipcoder import FewShotClassifier, TextBank, ZeroShotClassifier, load_classifier
from clipcoder.cli import commands
from clipcoder.cli.labelled import LabelledImages
from clipcoder.encoders.base import FloatArray
from clipcoder.errors import UnknownNameError
from toy_encoder import ColourEncoder, StagedColourEncoder, plain

SHADES = {
    "grass": [(0, 250, 10), (20, 200, 0), (0, 180, 40)],
    "sky": [(0, 20, 250), (30, 0, 200), (0, 40, 180)],
    "red_tomato": [(250, 0, 20), (200, 30, 0), (180, 0, 40)],
}
NAMES = sorted(SHADES)


class Known(StagedColourEncoder):
    """A staged encoder that a feature cache may know, and that may be stopped.

    Attributes:
        encoded: how many images the model has seen.
        stop_after: the number of them at which Ctrl-C is pressed.
    """

    batch_size = 2
    encoded = 0
    stop_after: int | None = None

    def fingerprint(self) -> str:
        return "c0104c0104"

    def encode_prepared(self, prepared: Sequence[Any]) -> FloatArray:
        if type(self).stop_after is not None and type(self).encoded >= type(self).stop_after:
            raise KeyboardInterrupt
        type(self).encoded += len(prepared)
        return super().encode_prepared(prepared)


class Int8(Known):
    precision = "int8"

    def fingerprint(self) -> str:
        return "18c0104c0104"


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every known model is the colour encoder; which ones were asked for."""
    asked: list[str] = []

    def load(name: str, *, precision: str = "float32", **_: object) -> ColourEncoder:
        asked.append(name)
        if name not in ("starter", "colours"):
            raise UnknownNameError("model", name, ["starter", "colours"])
        return Int8() if precision == "int8" else Known()

    monkeypatch.setattr("clipcoder.encoders.load_encoder", load)
    monkeypatch.setattr(Known, "encoded", 0)
    return asked


@pytest.fixture
def train(tmp_path: Path) -> Path:
    """A folder for each class, with three photos."""
    folder = tmp_path / "train"
    for name, shades in SHADES.items():
        (folder / name).mkdir(parents=True)
        for i, shade in enumerate(shades):
            plain(shade).save(folder / name / f"{i}.png")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "colours.clipcoder"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands.main, [str(argument) for argument in arguments])


def fit(train: Path, out: Path, *arguments: object) -> Result:
    return run("fit", train, "--out", out, "--model", "colours", *arguments)


def sentence(result: Result) -> str:
    """The one sentence of a command that makes no sense."""
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line


def report(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def table(file: Path, *rows: tuple[object, ...]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows(rows)
    return file


# What is learned


def test_a_folder_of_class_folders_becomes_a_classifier(train: Path, out: Path) -> None:
    result = fit(train, out)
    assert result.exit_code == 0
    assert "knowledge pack" in result.stderr  # which does not know grass
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert lines["saved"] == str(out)
    assert lines["images"] == "9 of 3 classes, 3 each"
    assert lines["method"] == "auto"
    assert lines["leave-one-out"].startswith("100.0% of 9 images right (95 % interval 70.1 to 100.0), calibr")
    assert "kappa" in lines["settings"]
    assert lines["took"].endswith(" s")
    loaded = load_classifier(out, Known())
    assert loaded.classes_.tolist() == NAMES
    assert loaded.predict([plain((255, 0, 0))]).tolist() == ["red_tomato"]


def test_names_are_shown_as_they_are_and_read_as_words(train: Path, out: Path) -> None:
    fit(train, out)
    texts = TextBank.load(out / "bank.json").by_class["red_tomato"]
    assert "a photo of a red tomato" in [text.text for text in texts]


def test_the_report_is_there_as_json(train: Path, out: Path) -> None:
    shutil.rmtree(train / "sky")
    (train / "grass" / "2.png").unlink()
    told = report(fit(train, out, "--classes", "sky", "--json"))
    assert told["images"] == {"grass": 2, "red_tomato": 3, "sky": 0}
    assert told["leave_one_out"]["images"] == 5
    assert told["leave_one_out"]["interval"][0] < told["leave_one_out"]["accuracy"]
    assert (told["out"], told["method"], told["evaluation"]) == (str(out), "auto", None)


def test_classes_without_images_are_known_by_their_texts(train: Path, out: Path) -> None:
    shutil.rmtree(train / "sky")
    (train / "red_tomato" / "0.png").unlink()
    result = fit(train, out, "--classes", "sky, Red Tomato")
    assert "5 of 2 classes, 2 to 3 each; 1 more known by texts alone" in result.stdout
    loaded = load_classifier(out, Known())
    assert loaded.classes_.tolist() == NAMES  # the folder spells its class
    assert loaded.predict([plain((0, 0, 255))]).tolist() == ["sky"]


def test_an_empty_class_folder_is_a_class_too(train: Path, out: Path) -> None:
    (train / "blue_thing").mkdir()
    assert report(fit(train, out, "--json"))["images"]["blue_thing"] == 0


def test_one_image_a_class_leaves_nothing_to_judge_by(train: Path, out: Path) -> None:
    for file in train.rglob("[12].png"):
        file.unlink()
    result = fit(train, out)
    assert "leave-one-out  judges nothing: fewer than half of the images" in result.stdout
    assert "3 of 3 classes, 1 each" in result.stdout


def test_a_bank_brings_texts_and_more_classes(train: Path, out: Path, tmp_path: Path) -> None:
    texts = {"Grass": ["green"], "sky": ["blue"], "red tomato": ["red"], "white": ["white"]}
    TextBank.from_texts(texts).save(tmp_path / "bank.json")
    result = fit(train, out, "--texts", tmp_path / "bank.json")
    assert "1 more known by texts alone" in result.stdout
    bank = TextBank.load(out / "bank.json")
    assert bank.class_names == (*NAMES, "white")
    assert bank.by_class["grass"][0].text == "green"
    fit(train, out, "--texts", tmp_path / "bank.json", "--classes", "sky")
    assert load_classifier(out, Known()).classes_.tolist() == NAMES


def test_a_class_that_the_bank_lacks_is_named(train: Path, out: Path, tmp_path: Path) -> None:
    TextBank.from_names(["grass", "sky"]).save(tmp_path / "bank.json")
    told = sentence(fit(train, out, "--texts", tmp_path / "bank.json"))
    assert "unknown class of the bank 'red_tomato'" in told


def test_method_and_views_are_learned_with_and_kept(train: Path, out: Path) -> None:
    Image.radial_gradient("L").convert("RGB").save(train / "sky" / "3.png")
    fit(train, out)
    plainly = load_classifier(out, Known())
    assert fit(train, out, "--method", "auto", "--views", "2").exit_code == 0
    loaded = load_classifier(out, Known())
    assert isinstance(loaded, FewShotClassifier)
    assert (loaded.method, loaded.views) == ("auto", 2)
    again = FewShotClassifier(Known(), loaded.bank, views=2)
    paths = sorted(map(str, train.rglob("*.png")))
    again.fit(paths, [Path(path).parent.name for path in paths])
    asked = [plain((100, 90, 80))]
    assert loaded.predict_proba(asked).tobytes() == again.predict_proba(asked).tobytes()
    assert loaded.predict_proba(asked).tobytes() != plainly.predict_proba(asked).tobytes()


def test_the_starter_learns_from_tiny_photos(train: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # no toy
    result = run("fit", train, "--out", out, "--no-cache")
    assert result.exit_code == 0
    assert result.stderr.count("starter encoder") == 1
    shown = run("classify", train / "sky", "--classifier", out, "--json", "--no-cache")
    assert shown.stderr == ""
    assert {json.loads(line)["label"] for line in shown.stdout.splitlines()} == {"sky"}


# Tables of labels


def test_a_table_of_paths_and_labels_is_read_from_where_it_lies(train: Path, out: Path) -> None:
    rows = [(f"{name}/{i}.png", name, "?") for name in SHADES for i in range(3)]
    file = table(train / "labels.csv", ("path", "label", "guess"), *rows)
    assert report(fit(file, out, "--json"))["images"] == dict.fromkeys(NAMES, 3)


def test_rows_without_a_label_are_counted_and_left_out(train: Path, out: Path) -> None:
    rows = [("grass/0.png", "grass"), ("sky/0.png", " sky "), ("sky/1.png", ""), ("sky/2.png",), ()]
    result = fit(table(train / "labels.csv", ("Path", " Label"), *rows), out)
    assert "2 of 2 classes, 1 each" in result.stdout
    assert f"2 images of '{train / 'labels.csv'}' have no label and are left out" in result.stderr


def test_a_spreadsheet_may_write_semicolons(train: Path, out: Path) -> None:
    file = train / "labels.csv"
    file.write_bytes(b"\xef\xbb\xbflabel;path\r\ngrass;grass/0.png\r\nsky;sky/0.png\r\n")
    assert report(fit(file, out, "--json"))["images"] == {"grass": 1, "sky": 1}


def test_two_spellings_are_one_class_in_the_first_one(train: Path, out: Path) -> None:
    rows = [("sky/0.png", "the sky"), ("sky/1.png", "The_Sky"), ("grass/0.png", "grass")]
    told = report(fit(table(train / "labels.csv", ("path", "label"), *rows), out, "--json"))
    assert told["images"] == {"grass": 1, "the sky": 2}


def test_a_row_twice_is_one_image(train: Path, out: Path) -> None:
    rows = [("sky/0.png", "sky"), ("sky/0.png", "sky"), ("grass/0.png", "grass")]
    told = report(fit(table(train / "labels.csv", ("path", "label"), *rows), out, "--json"))
    assert told["images"] == {"grass": 1, "sky": 1}


def test_an_image_with_two_labels_is_refused(train: Path, out: Path) -> None:
    rows = [("sky/0.png", "sky"), ("sky/0.png", "grass")]
    told = sentence(fit(table(train / "labels.csv", ("path", "label"), *rows), out))
    assert "sky/0.png' has two labels, 'sky' and 'grass'" in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("image,label\na.png,sky\n", "columns path and label, but its first line has image, label"),
        ("", "its first line has nothing"),
        ("path,label\n", "has no image with a label; it needs rows with a path and a label"),
        ("path,label\n,sky\n", "line 2 of"),
        ("path,label\n" + "a" * 200_000, "is no CSV: field larger than field limit"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(tmp_path: Path, out: Path, content: str, said: str) -> None:
    (tmp_path / "labels.csv").write_text(content)
    assert said in sentence(fit(tmp_path / "labels.csv", out))


def test_loose_images_of_a_folder_have_no_label(train: Path, out: Path) -> None:
    plain((1, 2, 3)).save(train / "loose.png")
    (train / "notes.txt").write_text("x")
    assert "1 image of" in fit(train, out).stderr


def test_hidden_folders_are_no_classes(train: Path, out: Path) -> None:
    (train / ".thumbs").mkdir()
    shutil.copy(train / "sky" / "0.png", train / ".thumbs")
    assert report(fit(train, out, "--json"))["images"] == dict.fromkeys(NAMES, 3)


# Images that are held out


def test_held_out_images_say_how_good_it_is(train: Path, out: Path, tmp_path: Path) -> None:
    rows = [("asked/0.png", "Sky"), ("asked/1.png", "sky"), ("asked/2.png", "grass")]
    (tmp_path / "asked").mkdir()
    for i, shade in enumerate([(0, 0, 255), (255, 0, 0), (0, 255, 0)]):
        plain(shade).save(tmp_path / "asked" / f"{i}.png")
    asked = table(tmp_path / "asked.csv", ("path", "label"), *rows)
    result = fit(train, out, "--eval", asked)
    assert "held out       66.7% of 3 images right (95 % interval 20.8 to 93.9)" in result.stdout
    metrics = json.loads((out / "classifier.json").read_text())["metrics"]
    assert (metrics["evaluation"]["images"], metrics["evaluation"]["right"]) == (3, 2)
    assert report(fit(train, out, "--eval", asked, "--json"))["evaluation"]["right"] == 2


def test_images_that_were_learned_from_are_not_held_out(train: Path, out: Path, tmp_path: Path) -> None:
    plain((0, 1, 255)).save(train / "sky" / "3.png")
    (tmp_path / "link.png").symlink_to(train / "sky" / "0.png")
    learned = [(f"train/{name}/0.png", name) for name in SHADES]
    file = table(tmp_path / "labels.csv", ("path", "label"), *learned)
    result = fit(file, out, "--eval", train)
    assert "3 images of --eval are among those of TRAIN and are not evaluated" in result.stderr
    assert "of 7 images right" in result.stdout
    linked = table(tmp_path / "linked.csv", ("path", "label"), ("link.png", "sky"))
    assert "all images of --eval" in sentence(fit(train, out, "--eval", linked))


def test_a_held_out_class_that_is_unknown_is_named(train: Path, out: Path, tmp_path: Path) -> None:
    asked = table(tmp_path / "asked.csv", ("path", "label"), ("train/sky/0.png", "sea"))
    assert "'sea'" in sentence(fit(train, out, "--eval", asked))


# What cannot be done


def test_an_unreadable_image_is_named_and_skipped(train: Path, out: Path, tmp_path: Path) -> None:
    (train / "sky" / "1.png").write_bytes(b"no png")
    rows = [("train/sky/2.png", "sky"), ("absent.png", "sky")]
    (train / "sky" / "2.png").rename(tmp_path / "train" / "2.png")
    (tmp_path / "train" / "2.png").rename(tmp_path / "held.png")
    rows[0] = ("held.png", "sky")
    asked = table(tmp_path / "asked.csv", ("path", "label"), *rows)
    result = fit(train, out, "--eval", asked)
    assert result.exit_code == 1
    named = [line for line in result.stderr.splitlines() if "cannot read the image" in line]
    assert ["1.png" in named[0], "absent.png" in named[1], len(named)] == [True, True, 2]
    assert "7 of 3 classes, 1 to 3 each" in result.stdout
    assert "held out       100.0% of 1 images right" in result.stdout


def test_nothing_but_unreadable_images_teaches_nothing(train: Path, out: Path) -> None:
    for file in train.rglob("*.png"):
        file.write_bytes(b"")
    result = fit(train, out)
    assert result.exit_code == 2
    assert "none of the 9 images can be read" in result.stderr.splitlines()[-1]
    assert not out.exists()


def test_held_out_images_that_cannot_be_read_leave_the_classifier(
    train: Path, out: Path, tmp_path: Path
) -> None:
    asked = table(tmp_path / "asked.csv", ("path", "label"), ("absent.png", "sky"))
    result = fit(train, out, "--eval", asked)
    assert result.exit_code == 1
    assert "held out" not in result.stdout
    assert load_classifier(out, Known()).metrics_.evaluation is None


@pytest.mark.parametrize("occupied", ["file", "folder", "absent"])
def test_a_place_that_cannot_be_written_is_refused_before_anything_is_encoded(
    train: Path, tmp_path: Path, occupied: str, loaded: list[str]
) -> None:
    out = tmp_path / "x"
    if occupied == "file":
        out.write_text("x")
    elif occupied == "folder":
        shutil.copytree(train, out)
    else:
        out = tmp_path / "no" / "such" / "folder"
    assert "another place" in (told := sentence(fit(train, out))) or "name a place" in told
    assert loaded == []


def test_a_classifier_is_not_put_among_the_classes(train: Path) -> None:
    assert "lies in TRAIN, where it would be a class" in sentence(fit(train, train / "colours.clipcoder"))


def test_a_folder_without_class_folders_says_what_it_needs(tmp_path: Path, out: Path) -> None:
    (tmp_path / "photos").mkdir()
    plain((1, 2, 3)).save(tmp_path / "photos" / "a.png")
    told = sentence(fit(tmp_path / "photos", out))
    assert "has no image with a label; put the images of each class into a folder of its name" in told


def test_an_absent_folder_is_named(tmp_path: Path, out: Path) -> None:
    assert "cannot read TRAIN" in sentence(fit(tmp_path / "absent", out))


def test_one_class_leaves_nothing_to_choose(train: Path, out: Path) -> None:
    for name in ("sky", "grass"):
        shutil.rmtree(train / name)
    assert "at least 2 classes" in sentence(fit(train, out))


def test_a_folder_that_may_not_be_listed_is_named(
    train: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("clipcoder.cli.labelled.os.scandir", refused)
    assert "permission denied" in sentence(fit(train, out))


def test_a_run_that_was_stopped_goes_on_where_it_was(
    train: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Known, "stop_after", 4)
    assert fit(train, out).exit_code == 130
    assert not out.exists()
    assert Known.encoded == 4
    monkeypatch.setattr(Known, "stop_after", None)
    assert fit(train, out).exit_code == 0
    assert Known.encoded == 9


def test_a_bar_is_shown_for_each_thing_that_takes_long(
    train: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []

    def watched(outcomes: Any, count: int, doing: str) -> Any:
        shown.append((doing, count))
        return outcomes

    monkeypatch.setattr("clipcoder.cli.fitting.progress", watched)
    plain((0, 9, 250)).save(train / "sky" / "3.png")
    fit(train, out, "--views", "1")
    assert shown == [("encoding", 10), ("encoding, 1 views each", 10)]


# classify --classifier


@pytest.fixture
def fitted(train: Path, out: Path, loaded: list[str]) -> Path:
    assert fit(train, out).exit_code == 0
    loaded.clear()
    return out


def test_a_classifier_says_what_images_show(fitted: Path, train: Path, loaded: list[str]) -> None:
    result = run("classify", train, "--classifier", fitted, "--json")
    assert (result.exit_code, result.stderr, loaded) == (0, "", ["colours"])
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["label"] for record in told] == [Path(record["path"]).parent.name for record in told]
    one = load_classifier(fitted, Known()).predict_proba([train / "sky" / "0.png"])
    (sky,) = (r for r in told if r["path"].endswith("sky/0.png"))
    assert sky["probability"] == round(float(one.max()), 6)
    assert sky["neighbours"]


def test_it_fills_tables_files_and_sheets(fitted: Path, train: Path, tmp_path: Path) -> None:
    rows, sheet = tmp_path / "rows.csv", tmp_path / "sheet.png"
    result = run(
        "classify", train / "sky", "--classifier", fitted, "--out", rows, "--sheet", sheet, "--top", "3"
    )
    assert result.exit_code == 0
    assert "runners-up" in result.stdout
    with rows.open(newline="", encoding="utf-8") as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["sky"] * 3
    assert Image.open(sheet).format == "PNG"


def test_a_saved_zero_shot_classifier_is_one_too(out: Path, train: Path) -> None:
    ZeroShotClassifier(Known(), TextBank.from_names(["grass", "sky", "tomato"])).save(out)
    result = run("classify", train / "red_tomato", "--classifier", out, "--json")
    assert {json.loads(line)["label"] for line in result.stdout.splitlines()} == {"tomato"}


def test_labels_that_are_numbers_are_shown_as_texts(out: Path, train: Path) -> None:
    FewShotClassifier(Known()).fit([train / "sky" / "0.png", train / "grass" / "0.png"], [1, 0]).save(out)
    result = run("classify", train / "sky", "--classifier", out)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split()[:2] == ["0.png", "1"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--classes", "a,b"),
        ("--classes-file", "names.txt"),
        ("--texts", "bank.json"),
        ("--pairs", "pairs.json"),
        ("--max-gap", "0.2"),
        ("--method", "equidistant"),
    ],
)
def test_what_a_classifier_brings_is_not_asked_for_besides(
    fitted: Path, train: Path, option: str, value: str, loaded: list[str]
) -> None:
    told = sentence(run("classify", train, "--classifier", fitted, option, value))
    assert f"so {option} has no say beside it" in told
    assert loaded == []


def test_another_model_than_its_own_is_refused(
    fitted: Path, train: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = sentence(
        run("classify", train, "--classifier", fitted, "--model", "colours", "--precision", "int8")
    )
    assert "made with the encoder 'colours' (float32, fingerprint c0104c0104), but 'colours' (int8" in told
    assert run("classify", train, "--classifier", fitted, "--model", "colours").exit_code == 0
    told = sentence(run("classify", train, "--classifier", fitted, "--model", "colour"))
    assert "unknown model 'colour'" in told


def test_its_own_precision_needs_no_naming(out: Path, train: Path) -> None:
    ZeroShotClassifier(Int8(), TextBank.from_names(["grass", "sky"])).save(out)
    assert run("classify", train / "sky", "--classifier", out).exit_code == 0


def test_a_classifier_of_a_foreign_encoder_is_for_python(
    fitted: Path, train: Path, monkeypatch: pytest.MonkeyPatch, out: Path
) -> None:
    monkeypatch.setattr(Known, "name", "mine", raising=False)
    ZeroShotClassifier(Known(), TextBank.from_names(["grass", "sky"])).save(out)
    told = sentence(run("classify", train, "--classifier", out))
    assert "made with the encoder 'mine', which is no --model; hand that to load_classifier" in told


def test_a_classifier_of_features_cannot_see(out: Path, train: Path) -> None:
    FewShotClassifier().fit([[1, 0], [0, 1]], ["a", "b"]).save(out)
    assert "classifies features only" in sentence(run("classify", train, "--classifier", out))


def test_what_is_no_classifier_is_refused(tmp_path: Path, train: Path) -> None:
    assert "is no saved classifier" in sentence(run("classify", train, "--classifier", tmp_path))


def test_top_is_bounded_by_its_classes(fitted: Path, train: Path) -> None:
    told = sentence(run("classify", train, "--classifier", fitted, "--top", "4"))
    assert "--top must lie between 1 and 3" in told


# On real photos


def test_faces_motorbikes_and_planes_are_told_apart(
    shared_data: Path, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    split = json.loads((shared_data / "caltech-101" / "split_zhou_Caltech101.json").read_text())
    photos = shared_data / "caltech-101" / "101_ObjectCategories"
    wanted = ("airplanes", "Faces", "Motorbikes", "sunflower")
    places = {name: [p for p, *_ in split["train"] if p.startswith(f"{name}/")][:6] for name in wanted}

    def rows(some: slice) -> list[tuple[str, str]]:
        return [(str(photos / path), name) for name, paths in places.items() for path in paths[some]]

    learned = table(tmp_path / "labels.csv", ("path", "label"), *rows(slice(3)))
    asked = table(tmp_path / "asked.csv", ("path", "label"), *rows(slice(3, 6)))
    told = report(run("fit", learned, "--out", out, "--eval", asked, "--json"))
    assert told["leave_one_out"]["right"] >= 11
    assert told["evaluation"]["right"] >= 11


def test_labelled_images_are_respelled_as_others_spell_them() -> None:
    images = LabelledImages(["a", "b"], ["Cat", "dog"], ["Cat", "dog"])
    assert images.respelled(["cat", "hen"]).labels == ["cat", "dog"]
