"""The command line: its results, and one sentence for everything that can be wrong with a command."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from clipcoder import TextBank, ZeroShotClassifier, __version__
from clipcoder.cli import commands, progress
from clipcoder.cli.classify import predict_all
from clipcoder.errors import UnknownNameError
from toy_encoder import ColourEncoder, plain, png

COLOURS = {"grass": (0, 255, 0), "sky": (0, 0, 255), "tomato": (255, 0, 0)}
CLASSES = ["--classes", "tomato, sky,grass"]
NAMES_ONLY = [*CLASSES, "--method", "clip"]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with a photo of each class, one of them further down, and what is no photo."""
    folder = tmp_path / "photos"
    (folder / "more" / ".hidden").mkdir(parents=True)
    plain(COLOURS["grass"]).save(folder / "a.png")
    plain(COLOURS["sky"]).save(folder / "b.JPG")
    plain(COLOURS["tomato"]).save(folder / "more" / "c.webp", lossless=True)
    plain(COLOURS["sky"]).save(folder / "more" / ".hidden" / "d.png")
    (folder / "._a.png").write_bytes(b"resource fork")
    (folder / "notes.txt").write_text("no photo")
    return folder


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every known model is the colour encoder."""

    def load(name: str, **options: object) -> ColourEncoder:
        if name not in ("starter", "colours"):
            raise UnknownNameError("model", name, ["starter", "colours"])
        return ColourEncoder()

    monkeypatch.setattr("clipcoder.encoders.load_encoder", load, raising=False)


@pytest.fixture
def classify(toy: None) -> Callable[..., Result]:
    def run(*arguments: object, stdin: bytes | str = b"") -> Result:
        return CliRunner().invoke(commands.main, ["classify", *map(str, arguments)], input=stdin)

    return run


Classify = Callable[..., Result]


def records(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def labels(result: Result) -> dict[str, object]:
    return {Path(str(r["path"])).name: r["label"] for r in records(result)}


def sentence(result: Result) -> str:
    """The one sentence of a command that makes no sense."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def content(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What is classified


def test_a_folder_is_searched_to_its_bottom_in_order(classify: Classify, photos: Path) -> None:
    result = classify(photos, *NAMES_ONLY, "--json")
    assert result.exit_code == 0
    assert list(labels(result).items()) == [("a.png", "grass"), ("b.JPG", "sky"), ("c.webp", "tomato")]


def test_files_globs_and_folders_together_name_each_image_once(classify: Classify, photos: Path) -> None:
    result = classify(
        photos / "a.png", photos / "*.png", f"{photos}/**/*.webp", photos, *NAMES_ONLY, "--json"
    )
    assert [Path(str(r["path"])).name for r in records(result)] == ["a.png", "c.webp", "b.JPG"]


def test_a_glob_may_match_folders(classify: Classify, photos: Path) -> None:
    assert labels(classify(photos / "mor*", *NAMES_ONLY, "--json")) == {"c.webp": "tomato"}


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(classify: Classify, tmp_path: Path) -> None:
    plain(COLOURS["sky"]).save(tmp_path / "photo[1].png")
    assert labels(classify(tmp_path / "photo[1].png", *NAMES_ONLY, "--json")) == {"photo[1].png": "sky"}


def test_standard_input_is_a_list_of_paths(classify: Classify, photos: Path) -> None:
    listed = f"{photos}/b.JPG\r\n\n{photos}/a.png"
    assert list(labels(classify("-", *NAMES_ONLY, "--json", stdin=listed))) == ["b.JPG", "a.png"]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_standard_input_is_the_bytes_of_an_image(classify: Classify, tmp_path: Path, form: str) -> None:
    plain(COLOURS["sky"]).save(tmp_path / "image", format=form)
    result = classify("-", *NAMES_ONLY, "--json", stdin=(tmp_path / "image").read_bytes())
    assert labels(result) == {"-": "sky"}


def test_an_image_without_a_zero_byte_is_still_no_list_of_paths(classify: Classify) -> None:
    bright = b"P6 2 1 255\n" + bytes([250, 250, 255, 250, 250, 255])
    assert labels(classify("-", "--classes", "snow,tomato", "--method", "clip", "--json", stdin=bright)) == {
        "-": "snow"
    }


def test_an_image_whose_bytes_are_text_is_no_list_of_paths(classify: Classify) -> None:
    red = b"P6 1 1 255\n\x7f\0\0"
    assert labels(classify("-", *NAMES_ONLY, "--json", stdin=red)) == {"-": "tomato"}


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a file name any bytes")
def test_a_file_name_that_is_no_text_is_escaped(classify: Classify, tmp_path: Path) -> None:
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.png")  # noqa: PTH118 - bytes are not for pathlib
    Path(os.fsdecode(name)).write_bytes(png(plain(COLOURS["sky"])))
    Path(os.fsdecode(name.replace(b"png", b"gif"))).write_bytes(b"broken")
    result = classify(tmp_path, *NAMES_ONLY, "--json")
    assert (result.exit_code, labels(result)) == (1, {"caf\\xe9.png": "sky"})


def test_a_hundred_megapixels_raise_no_warning(
    classify: Classify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    plain(COLOURS["sky"], (15, 10)).save(tmp_path / "large.png")
    assert labels(classify(tmp_path, *NAMES_ONLY, "--json")) == {"large.png": "sky"}
    assert not recwarn.list


def test_an_unreadable_image_is_named_and_skipped(classify: Classify, photos: Path) -> None:
    (photos / "aa.png").write_bytes(b"no png")
    result = classify(photos, photos / "absent.jpg", *NAMES_ONLY, "--json")
    assert result.exit_code == 1
    assert list(labels(result)) == ["a.png", "b.JPG", "c.webp"]
    named = [line for line in result.stderr.splitlines() if "cannot read" in line]
    assert [("aa.png" in line, "absent.jpg" in line) for line in named] == [(True, False), (False, True)]


def test_nothing_but_unreadable_images_writes_nothing(classify: Classify, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    result = classify(bad, *NAMES_ONLY, "--out", tmp_path / "o.csv", "--sheet", tmp_path / "s.png")
    assert (result.exit_code, result.stdout) == (1, "")
    assert content(tmp_path) == ["bad.png"]


# What is said


def test_a_json_line_holds_label_ranking_and_reasons(classify: Classify, photos: Path) -> None:
    [record] = records(classify(photos / "a.png", *NAMES_ONLY, "--top", "3", "--json"))
    assert list(record) == ["path", "label", "probability", "top", "neighbours"]
    assert (record["label"], record["probability"]) == ("grass", 1.0)
    assert [t["class"] for t in record["top"]] == ["grass", "tomato", "sky"]
    [record] = records(classify(photos / "a.png", *NAMES_ONLY, "--top", "1", "--json"))
    assert [t["class"] for t in record["top"]] == ["grass"]
    nearest = max(record["neighbours"], key=lambda n: n["similarity"])
    assert nearest == {
        "text": "a photo of a grass",
        "kind": "name",
        "class": "grass",
        "similarity": 1.0,
        "contribution": 100.0,
    }


def test_json_keeps_other_scripts_and_odd_names(classify: Classify, tmp_path: Path) -> None:
    plain(COLOURS["sky"]).save(tmp_path / "фото “1”.png")
    [record] = records(classify(tmp_path, "--classes", "sky,помидор", "--method", "clip", "--json"))
    assert record["path"] == str(tmp_path / "фото “1”.png")


def test_the_table_shows_label_runner_up_and_the_texts_that_decided(classify: Classify, photos: Path) -> None:
    result = classify(photos / "a.png", *NAMES_ONLY)
    head, row = result.stdout.splitlines()
    assert [line.rstrip() for line in (head, row)] == [head, row]
    assert head.split() == ["file", "label", "prob.", "runner-up", "because"]
    assert " ".join(row.split()) == "a.png grass 100% tomato 0% a photo of a grass (1.00)"


def test_top_widens_the_table(classify: Classify, photos: Path) -> None:
    assert "tomato" not in classify(photos / "a.png", *NAMES_ONLY, "--top", "1").stdout
    assert "sky 0%" in classify(photos / "a.png", *NAMES_ONLY, "--top", "3").stdout


def test_the_table_leaves_out_what_the_label_says(classify: Classify, photos: Path, tmp_path: Path) -> None:
    texts = {
        "a_sky": ["a photo of a sky, which is sky blue"],
        "tomato": ["tomato, a fruit", "red, as tomato"],
    }
    TextBank.from_texts(texts).save(tmp_path / "bank.json")
    result = classify(photos / "b.JPG", photos / "more" / "c.webp", "--texts", tmp_path / "bank.json")
    assert "a_sky" in result.stdout
    assert "which is sky blue (" in result.stdout
    assert "a photo of" not in result.stdout
    assert " a fruit (" in result.stdout
    assert "red, as tomato (" in result.stdout


def test_names_with_brackets_are_no_markup(classify: Classify, tmp_path: Path) -> None:
    plain(COLOURS["sky"]).save(tmp_path / "x.png")
    assert "[bold]sky" in classify(tmp_path, "--classes", "[bold]sky,tomato", "--method", "clip").stdout


def test_the_default_model_is_the_starter_and_says_so_once(classify: Classify, photos: Path) -> None:
    note = classify(photos, *NAMES_ONLY, "--json").stderr
    assert note.count("starter encoder") == note.count("\n") == 1
    assert "--model ViT-B-32/openai" in note
    assert classify(photos, *NAMES_ONLY, "--json", "--model", "colours").stderr == ""


def test_many_images_show_progress_to_a_watcher(tmp_path: Path) -> None:
    for i in range(progress.LONG):
        plain((0, 0, i + 1)).save(tmp_path / f"{i}.png")
    seen, status = run_on_terminal("classify", str(tmp_path), *NAMES_ONLY, "--json")
    assert status == 0
    assert "classifying" in seen


def test_a_stream_of_json_lines_keeps_nothing_in_memory(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clf = ZeroShotClassifier(ColourEncoder(), TextBank.from_names(["grass", "sky"]))
    found = [str(photos / "a.png"), str(photos / "absent.png")]
    assert predict_all(clf.stream(found), len(found), 2, as_json=True, kept=False) == ([], 1)
    assert json.loads(capsys.readouterr().out)["label"] == "grass"


# Classes and texts


def test_classes_come_from_a_file(classify: Classify, photos: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("\ufefftomato\n\n sky \ngrass\n", encoding="utf-8")
    result = classify(photos, "--classes-file", names, "--method", "clip", "--json")
    assert sorted(labels(result).values()) == ["grass", "sky", "tomato"]


def test_a_bank_brings_texts_and_classes(classify: Classify, photos: Path, tmp_path: Path) -> None:
    bank = TextBank.from_texts({"ripe": ["red", "tomato"], "calm": {"name": ["blue"], "attribute": ["sky"]}})
    bank.save(tmp_path / "bank.json")
    result = classify(photos, "--texts", tmp_path / "bank.json", "--json")
    assert labels(result)["b.JPG"] == "calm"
    assert labels(result)["c.webp"] == "ripe"


def test_classes_choose_from_a_bank(classify: Classify, photos: Path, tmp_path: Path) -> None:
    TextBank.from_names(["tomato", "sky", "grass"]).save(tmp_path / "bank.json")
    result = classify(
        photos / "b.JPG", "--texts", tmp_path / "bank.json", "--classes", "grass,tomato", "--json"
    )
    assert {t["class"] for t in records(result)[0]["top"]} == {"grass", "tomato"}


def test_classes_of_a_bank_may_be_spelled_otherwise(classify: Classify, photos: Path, tmp_path: Path) -> None:
    TextBank.from_texts({"the_sky": ["blue sky"], "Tomato": ["red tomato"]}).save(tmp_path / "bank.json")
    arguments = ["--texts", tmp_path / "bank.json", "--classes", "tomato,The  Sky", "--json"]
    assert labels(classify(photos / "b.JPG", *arguments)) == {"b.JPG": "The  Sky"}


def test_without_texts_wordnet_writes_them(classify: Classify, photos: Path) -> None:
    [record] = records(classify(photos / "more" / "c.webp", "--classes", "tomato,sky", "--json"))
    assert record["label"] == "tomato"
    assert {n["kind"] for n in record["neighbours"]} - {"name", "synonym"}


# Files


def test_a_csv_file_has_a_row_for_each_image(classify: Classify, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.CSV"
    assert classify(photos, *NAMES_ONLY, "--top", "3", "--out", out).exit_code == 0
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["grass", "sky", "tomato"]
    assert list(rows[0]) == [
        *(
            "path",
            "label",
            "probability",
            "label_2",
            "probability_2",
            "label_3",
            "probability_3",
            "neighbours",
        ),
    ]
    assert rows[0]["neighbours"] == "a photo of a grass"


def test_top_1_leaves_the_others_out_of_the_file(classify: Classify, photos: Path, tmp_path: Path) -> None:
    classify(photos, *NAMES_ONLY, "--top", "1", "--out", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().startswith("path,label,probability,neighbours\n")


def test_a_parquet_file_has_the_same_rows(classify: Classify, photos: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    assert classify(photos, *NAMES_ONLY, "--out", tmp_path / "out.parquet").exit_code == 0
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["label"] for row in rows] == ["grass", "sky", "tomato"]
    assert rows[0]["probability"] == pytest.approx(1.0)


def test_a_contact_sheet_shows_every_image(classify: Classify, photos: Path, tmp_path: Path) -> None:
    assert classify(photos, *NAMES_ONLY, "--sheet", tmp_path / "sheet.png").exit_code == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        colours = {colour for _, colour in sheet.convert("RGB").getcolors(sheet.width * sheet.height)}
    assert {COLOURS["grass"], COLOURS["tomato"]} <= colours


def test_results_replace_older_ones_with_ordinary_permissions(
    classify: Classify, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    out.write_text("stale")
    classify(photos, *NAMES_ONLY, "--out", out)
    (tmp_path / "plain").touch()
    assert "stale" not in out.read_text()
    assert out.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert content(tmp_path) == ["out.csv", "photos", "plain"]


# One sentence


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--classes", "cat"], "at least 2 classes are needed to choose from, got only 'cat'"),
        (["--classes", ","], "at least 2 classes are needed to choose from, got none"),
        ([], "name the classes to choose from, such as --classes cat,dog,horse"),
        (["--classes", "a,b", "--classes-file", "x"], "either as --classes or as --classes-file"),
        (["--classes-file", "absent.txt"], "cannot read --classes-file 'absent.txt': no such file"),
        (["--classes", "cat,dog,Cat", "--method", "clip"], "'cat' and 'Cat' are the same"),
        (["--classes", "cat,dog,cat"], "every class may be named once, but 'cat' and 'cat' are the same"),
        ([*CLASSES, "--model", "colour"], "unknown model 'colour': did you mean 'colours'"),
        ([*CLASSES, "--model", ""], "unknown model ''"),
        ([*CLASSES, "--texts", "absent.json"], "cannot read absent.json: No such file"),
        ([*CLASSES, "--top", "0"], "--top must lie between 1 and 3, the number of classes, got 0"),
        ([*CLASSES, "--top", "4"], "--top must lie between 1 and 3, the number of classes, got 4"),
        ([*CLASSES, "--top", "x"], "'x' is not a valid integer"),
        ([*CLASSES, "--method", "magic"], "'magic' is not one of 'equidistant', 'coder', 'clip'"),
        (
            [*CLASSES, "--out", "out.txt"],
            "--out must name a file that ends in .csv or .parquet, got 'out.txt'",
        ),
        (
            [*CLASSES, "--out", "absent/out.csv"],
            "--out cannot write 'absent/out.csv': no such file or directory",
        ),
        ([*CLASSES, "--out", "a.png/out.csv"], "--out cannot write 'a.png/out.csv': not a directory"),
        (
            [*CLASSES, "--out", "folder.csv"],
            "--out cannot write 'folder.csv': there is a folder of that name",
        ),
        ([*CLASSES, "--sheet", "sheet.jpg"], "--sheet must name a file that ends in .png, got 'sheet.jpg'"),
        ([*CLASSES, "--sheet", "absent/s.png"], "--sheet cannot write 'absent/s.png'"),
        ([*CLASSES, "--sheets", "s.png"], "No such option"),
    ],
)
def test_what_makes_no_sense_is_answered_in_a_sentence(
    classify: Classify, photos: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], expected: str
) -> None:
    monkeypatch.chdir(photos)
    (photos / "folder.csv").mkdir()
    before = content(photos)
    assert expected in sentence(classify("a.png", *arguments))
    assert content(photos) == before


@pytest.mark.parametrize("paths", [["empty"], ["*.gif"], ["-"], ["empty", "nothing?.png"]])
def test_no_image_at_all_is_answered_in_a_sentence(
    classify: Classify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    assert "there is no image in" in sentence(classify(*paths, *NAMES_ONLY, stdin="\n"))


def test_no_path_is_answered_in_a_sentence(classify: Classify) -> None:
    assert "Missing argument 'PATHS...'" in sentence(classify(*NAMES_ONLY))


def test_names_in_another_encoding_are_answered_in_a_sentence(classify: Classify, photos: Path) -> None:
    (photos / "names").write_bytes("käse\nbrot".encode("latin-1"))
    assert "it is not UTF-8 text" in sentence(classify(photos, "--classes-file", photos / "names"))


@pytest.mark.parametrize("content", ["", "{}", '{"format": "clipcoder/text-bank", "version": 9}', "\xff"])
def test_an_unreadable_bank_is_answered_in_a_sentence(
    classify: Classify, photos: Path, tmp_path: Path, content: str
) -> None:
    (tmp_path / "bank.json").write_text(content, encoding="latin-1")
    assert "bank.json" in sentence(classify(photos, "--texts", tmp_path / "bank.json"))


def test_a_class_that_the_bank_lacks_is_answered_in_a_sentence(
    classify: Classify, photos: Path, tmp_path: Path
) -> None:
    TextBank.from_names(["tomato", "sky"]).save(tmp_path / "bank.json")
    result = classify(photos, "--texts", tmp_path / "bank.json", "--classes", "sky,tomatoe")
    assert "unknown class of the bank 'tomatoe': did you mean 'tomato'?" in sentence(result)


# Banks


def texts(*arguments: object) -> Result:
    return CliRunner().invoke(commands.main, ["texts", *map(str, arguments)])


def test_a_generated_bank_can_be_shown_and_classified_with(
    toy: None, classify: Classify, photos: Path, tmp_path: Path
) -> None:
    bank = tmp_path / "bank.json"
    assert texts("generate", "--classes", "tomato,sky,grass", "--out", bank).exit_code == 0
    assert set(TextBank.load(bank).text_kind) >= {"name", "attribute"}
    shown = texts("show", bank, "--class", "tomato").stdout.splitlines()
    assert shown[shown.index("tomato") + 1] == "  name       a photo of a tomato  (template)"
    assert labels(classify(photos / "more" / "c.webp", "--texts", bank, "--json")) == {"c.webp": "tomato"}


def test_a_bank_of_names_needs_no_encoder(tmp_path: Path) -> None:
    result = texts("generate", "--classes", "cat,dog", "--source", "names", "--out", tmp_path / "bank.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert TextBank.load(tmp_path / "bank.json") == TextBank.from_names(["cat", "dog"])


@pytest.mark.parametrize(
    ("place", "expected"), [("no/bank.json", "cannot write"), ("photo.png", "a file that ends in .json")]
)
def test_a_bank_that_cannot_be_written_is_answered_in_a_sentence(
    tmp_path: Path, place: str, expected: str
) -> None:
    (tmp_path / "photo.png").write_bytes(b"precious")
    result = texts("generate", "--classes", "cat,dog", "--source", "names", "--out", tmp_path / place)
    assert expected in sentence(result)
    assert content(tmp_path) == ["photo.png"]
    assert (tmp_path / "photo.png").read_bytes() == b"precious"


# Real processes

TOY = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import clipcoder.encoders
from toy_encoder import ColourEncoder
class Encoder(ColourEncoder):
    def encode_images(self, images):
        {inside}
        return super().encode_images(images)
clipcoder.encoders.load_encoder = lambda name, **options: Encoder()
from clipcoder.cli import main
main()
"""


def toy_process(*arguments: object, inside: str = "pass") -> list[str]:
    program = TOY.format(tests=str(Path(__file__).parent), inside=inside)
    return [sys.executable, "-c", program, *map(str, arguments)]


def run_on_terminal(*arguments: object) -> tuple[str, int]:
    """Run a process whose standard error is a terminal; return what that showed, and the exit status."""
    master, slave = pty.openpty()
    shown: list[bytes] = []

    def watch() -> None:
        try:
            while piece := os.read(master, 4096):
                shown.append(piece)
        except OSError:  # Linux's way to say that the other end is closed
            pass

    watcher = threading.Thread(target=watch)
    watcher.start()
    process = subprocess.run(toy_process(*arguments), stdout=subprocess.PIPE, stderr=slave, check=False)
    os.close(slave)
    watcher.join()
    os.close(master)
    return b"".join(shown).decode(), process.returncode


def test_a_process_classifies_standard_input() -> None:
    command = toy_process("classify", "-", *NAMES_ONLY, "--json")
    done = subprocess.run(command, input=png(plain(COLOURS["sky"])), capture_output=True, check=True)
    assert json.loads(done.stdout)["label"] == "sky"


def test_ctrl_c_ends_it_at_130_and_leaves_nothing_behind(photos: Path, tmp_path: Path) -> None:
    command = toy_process(
        *("classify", photos, *NAMES_ONLY, "--out", tmp_path / "o.csv", "--sheet", tmp_path / "s.png"),
        inside="os.kill(os.getpid(), signal.SIGINT)",
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert content(tmp_path) == ["photos"]


@pytest.mark.parametrize("form", [["--json"], []])
def test_a_reader_that_has_gone_ends_it_quietly(photos: Path, form: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = toy_process("classify", photos, *NAMES_ONLY, "--model", "colours", *form)
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def without(descriptor: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run with standard input or output closed, as some service managers do."""
    command = ["sh", "-c", f'exec "$@" {descriptor}>&-', "sh", *toy_process(*arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_process_without_standard_input_reads_files(photos: Path) -> None:
    done = without(0, "classify", photos, *NAMES_ONLY, "--json")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 3)
    done = without(0, "classify", "-", *NAMES_ONLY, "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("clipcoder: there is no image in standard input")


def test_a_process_without_standard_output_writes_files(photos: Path, tmp_path: Path) -> None:
    done = without(1, "classify", photos, *NAMES_ONLY, "--model", "colours", "--out", tmp_path / "o.csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize("form", [["--json"], []])
def test_a_full_disk_is_answered_in_a_sentence(photos: Path, tmp_path: Path, form: list[str]) -> None:
    command = toy_process("classify", photos, *NAMES_ONLY, "--model", "colours", *form)
    command = [*command, "--out", str(tmp_path / "o.csv")]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == "clipcoder: stopped, because the system says: no space left on device\n"
    assert done.returncode == 2
    assert content(tmp_path) == ["photos"]


@pytest.mark.parametrize("arguments", [[], ["--version"], ["classify", "--help"], ["texts", "--help"]])
def test_the_module_is_the_command(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "clipcoder", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert __version__ in done.stdout or "Usage: python -m clipcoder" in done.stdout


def test_the_starter_classifies_a_photo_in_a_fresh_process(photos: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "clipcoder",
        "classify",
        photos,
        "--classes",
        "blue sky,red tomato",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 3
    assert "starter encoder" in done.stderr
