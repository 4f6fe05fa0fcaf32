"""``clipcoder embed``: a table of embeddings, and that nothing is done twice, whatever stops it."""

from __future__ import annotations

import csv
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from filelock import FileLock
from PIL import Image
from slow_embed import PIECE

from clipcoder import __version__
from clipcoder.cli import pieces
from clipcoder.cli.embed import embed
from clipcoder.cli.group import Commands
from clipcoder.paths import CACHE_VARIABLE
from staged_encoder import CountingEncoder

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def encoders(monkeypatch: pytest.MonkeyPatch) -> list[CountingEncoder]:
    """The encoders that commands have opened; the model's name makes their weights."""
    opened: list[CountingEncoder] = []

    def load(name: str, **options: object) -> CountingEncoder:
        opened.append(CountingEncoder("a" if name == "starter" else name))
        return opened[-1]

    monkeypatch.setattr("clipcoder.encoders.load_encoder", load)
    return opened


@pytest.fixture
def run(encoders: list[CountingEncoder]) -> Run:
    group = Commands("clipcoder", commands=[embed])

    def invoke(*arguments: object, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(group, ["embed", *map(str, arguments)], input=stdin)

    return invoke


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of 40 photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(40):
        Image.new("RGB", (4, 3), (6 * i, 200 - 5 * i, 9)).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "features.parquet"


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "ROWS", PIECE)


def sentence(result: Result) -> str:
    """The one sentence of a command that makes no sense."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


def table(path: Path) -> dict[str, list[float]]:
    content = pq.read_table(path)
    return dict(zip(content[0].to_pylist(), content["embedding"].to_pylist(), strict=True))


def expected(paths: list[Path]) -> dict[str, list[float]]:
    return dict(zip(map(str, paths), CountingEncoder().encode_images(paths).tolist(), strict=True))


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"photos", "cache"}


def unfinished(out: Path) -> list[Path]:
    return sorted(out.with_name(f"{out.name}.unfinished").glob("*.parquet"))


def test_the_table_has_a_path_and_an_embedding_for_each_image(run: Run, photos: Path, out: Path) -> None:
    result = run(photos, "--out", out)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert f"wrote 40 embeddings of 4 numbers to {out}" in result.stderr
    paths = sorted(photos.iterdir())
    assert list(table(out)) == [str(path) for path in paths]
    assert table(out) == expected(paths)
    assert left(out.parent) == {"features.parquet"}


def test_the_columns_are_what_other_tools_take_for_rows_of_float32(run: Run, photos: Path, out: Path) -> None:
    run(photos, "--out", out)
    content = pq.read_table(out)
    assert content.schema.names == ["path", "embedding"]
    assert str(content.schema.field("embedding").type) == "fixed_size_list<element: float not null>[4]"
    rows = content["embedding"].combine_chunks().flatten().to_numpy().reshape(-1, 4)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_the_file_says_what_made_it(run: Run, photos: Path, out: Path) -> None:
    run(photos, "--out", out)
    said = {
        key.decode(): value.decode()
        for key, value in pq.read_schema(out).metadata.items()
        if key.startswith(b"clipcoder.")
    }
    assert said == {
        "clipcoder.model": "counting",
        "clipcoder.fingerprint": CountingEncoder().fingerprint(),
        "clipcoder.dim": "4",
        "clipcoder.precision": "float32",
        "clipcoder.version": __version__,
    }


def test_unreadable_images_are_named_and_left_out(run: Run, photos: Path, out: Path) -> None:
    (photos / "07.png").write_bytes(b"no image")
    result = run(photos, photos / "absent.png", "--out", out)
    assert result.exit_code == 1
    assert "07.png" in result.stderr
    assert "2 of the inputs could not be read" in result.stderr
    assert len(table(out)) == 39
    with (out.parent / "features.errors.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["path", "error"],
        [str(photos / "07.png"), "it is no image in a format that Pillow knows"],
        [str(photos / "absent.png"), "there is no such file"],
    ]
    Image.new("RGB", (4, 3)).save(photos / "07.png")
    assert run(photos, "--out", out).exit_code == 0
    assert left(out.parent) == {"features.parquet"}


def test_a_table_of_nothing_readable_is_empty_but_there(run: Run, tmp_path: Path, out: Path) -> None:
    result = run(tmp_path / "absent.png", "--out", out)
    assert result.exit_code == 1
    assert pq.read_table(out).num_rows == 0
    assert pq.read_schema(out).names == ["path", "embedding"]


def test_texts_are_embedded_line_by_line(run: Run, tmp_path: Path, out: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("\ufeffa cat\n\n  \na dog\r\na cat\nnaïve \u2028 猫", encoding="utf-8")
    result = run("--texts", texts, "--out", out)
    assert result.exit_code == 0
    content = pq.read_table(out)
    assert content.schema.names == ["text", "embedding"]
    lines = ["a cat", "a dog", "a cat", "naïve \u2028 猫"]
    assert content["text"].to_pylist() == lines
    rows = np.array(content["embedding"].to_pylist(), np.float32)
    np.testing.assert_array_equal(rows, CountingEncoder().encode_texts(lines))


@pytest.mark.parametrize("stdin", [b"00.png\n01.png\n", None])
def test_standard_input_holds_paths_or_an_image(
    run: Run, photos: Path, out: Path, stdin: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    result = run("-", "--out", out, stdin=stdin or (photos / "00.png").read_bytes())
    assert result.exit_code == 0
    assert list(table(out)) == (["00.png", "01.png"] if stdin else ["-"])


def test_features_that_are_kept_are_not_made_again(
    run: Run, photos: Path, out: Path, encoders: list[CountingEncoder]
) -> None:
    run(photos, "--cache", "--out", out)
    first = table(out)
    run(photos, "--cache", "--out", out)
    run(photos, "--no-cache", "--out", out)
    assert [sum(encoder.images) for encoder in encoders] == [40, 0, 40]
    assert table(out) == first


def stopped(run: Run, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch, batches: int) -> None:
    """Run the command until the encoder has taken some batches of eight."""
    original = CountingEncoder.encode_prepared

    def stop(encoder: CountingEncoder, prepared: list[object]) -> object:
        if len(encoder.images) >= batches:
            raise KeyboardInterrupt
        return original(encoder, prepared)

    with monkeypatch.context() as patched:
        patched.setattr(CountingEncoder, "encode_prepared", stop)
        result = run(photos, "--no-cache", "--out", out)
    assert result.exit_code == 130
    assert ("the same command goes on there" in result.stderr) == bool(unfinished(out))


def test_a_run_that_was_interrupted_goes_on_where_it_was(
    run: Run,
    photos: Path,
    out: Path,
    small_pieces: None,
    encoders: list[CountingEncoder],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (photos / "03.png").write_bytes(b"no image")
    stopped(run, photos, out, monkeypatch, batches=3)
    assert not out.exists()
    result = run(photos, "--no-cache", "--out", out)
    assert "going on after " in result.stderr
    assert result.exit_code == 1
    assert sum(sum(encoder.images) for encoder in encoders) == 39
    assert table(out) == expected([path for path in sorted(photos.iterdir()) if path.name != "03.png"])
    assert left(out.parent) == {"features.parquet", "features.errors.csv"}


@pytest.mark.parametrize("lines", [1, 2, 4])
def test_a_process_that_was_killed_goes_on_where_it_was(
    run: Run, photos: Path, out: Path, encoders: list[CountingEncoder], lines: int
) -> None:
    for i in range(40, 400):
        Image.new("RGB", (4, 3), (i % 256, 9, 0)).save(photos / f"{i}.png")
    script = Path(__file__).with_name("slow_embed.py")
    command = [sys.executable, str(script), "embed", str(photos), "--no-cache", "--out", str(out)]
    environment = {**os.environ, "PYTHONPATH": str(script.parents[1])}
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
    while len(unfinished(out)) < lines:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = PIECE * len(unfinished(out))
    assert lines * PIECE <= done < 400
    assert not out.exists()
    result = run(photos, "--no-cache", "--out", out)
    assert f"going on after {done} of 400" in result.stderr
    assert sum(encoders[-1].images) == 400 - done
    assert table(out) == expected(sorted(photos.iterdir()))
    assert left(out.parent) == {"features.parquet"}


def test_what_has_changed_meanwhile_is_done_again(
    run: Run,
    photos: Path,
    out: Path,
    small_pieces: None,
    encoders: list[CountingEncoder],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stopped(run, photos, out, monkeypatch, batches=4)
    Image.new("RGB", (4, 3), (255, 255, 255)).save(photos / "20.png")  # in the second piece
    result = run(photos, "--no-cache", "--out", out)
    assert "going on after 16 of 40" in result.stderr
    assert sum(encoders[-1].images) == 24
    assert table(out) == expected(sorted(photos.iterdir()))


def test_an_image_that_comes_first_now_makes_everything_be_done_again(
    run: Run, photos: Path, out: Path, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(run, photos, out, monkeypatch, batches=4)
    Image.new("RGB", (4, 3)).save(photos / "+.png")
    result = run(photos, "--no-cache", "--out", out)
    assert "going on" not in result.stderr
    assert table(out) == expected(sorted(photos.iterdir()))


def test_work_of_another_model_is_not_touched(
    run: Run, photos: Path, out: Path, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(run, photos, out, monkeypatch, batches=4)
    before = {path: path.read_bytes() for path in unfinished(out)}
    assert "unfinished work with another model" in sentence(run(photos, "--model", "b", "--out", out))
    texts = photos / "texts.txt"
    texts.write_text("a cat")
    assert "another model, precision or kind of input" in sentence(
        run("--texts", texts, "--model", "starter", "--out", out)
    )
    assert {path: path.read_bytes() for path in unfinished(out)} == before
    assert run(photos, "--out", out).exit_code == 0


def test_only_one_process_writes_a_table(
    run: Run, photos: Path, out: Path, encoders: list[CountingEncoder]
) -> None:
    from clipcoder.cli.unfinished import UnfinishedTable

    with UnfinishedTable(out, "path"):
        assert "another process is writing" in sentence(run(photos, "--out", out))
    assert encoders == []


def test_what_a_killed_process_has_begun_makes_room_at_once(out: Path) -> None:
    from clipcoder.cli.unfinished import UnfinishedTable

    draft = out.with_name(f"{out.name}.unfinished") / ".piece.parquet.0123.tmp"
    draft.parent.mkdir()
    draft.write_bytes(b"half")
    with UnfinishedTable(out, "path"):
        assert not draft.exists()


def test_without_locks_no_table_is_written(
    run: Run, photos: Path, out: Path, encoders: list[CountingEncoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    assert "a file system without locks; name a file on another one" in sentence(run(photos, "--out", out))
    assert encoders == []


def test_a_piece_that_is_no_piece_is_done_again(
    run: Run, photos: Path, out: Path, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(run, photos, out, monkeypatch, batches=4)
    first = unfinished(out)[0]
    first.write_bytes(first.read_bytes()[:-9])
    (first.parent / ".half.parquet.0.tmp").write_bytes(b"half")
    result = run(photos, "--no-cache", "--out", out)
    assert "going on" not in result.stderr
    assert table(out) == expected(sorted(photos.iterdir()))


@pytest.mark.parametrize("lost", [0, 1, -1])
@pytest.mark.parametrize("how", ["removed", "emptied", "cut off"])
def test_no_table_lacks_what_a_piece_held(
    run: Run,
    photos: Path,
    out: Path,
    small_pieces: None,
    monkeypatch: pytest.MonkeyPatch,
    lost: int,
    how: str,
) -> None:
    from clipcoder.cli.embedding import embed_rest

    def embed_and_lose(*arguments: object) -> None:
        embed_rest(*arguments)  # type: ignore[arg-type]
        piece = unfinished(out)[lost]
        kept = {"removed": None, "emptied": b"", "cut off": piece.read_bytes()[:-9]}[how]
        piece.unlink() if kept is None else piece.write_bytes(kept)

    with monkeypatch.context() as patched:
        patched.setattr("clipcoder.cli.embedding.embed_rest", embed_and_lose)
        assert "is gone or damaged; run the command again" in run(photos, "--out", out).stderr
    assert not out.exists()
    assert run(photos, "--out", out).exit_code == 0
    assert table(out) == expected(sorted(photos.iterdir()))


def test_a_piece_that_the_system_does_not_give_is_not_done_again(
    run: Run, photos: Path, out: Path, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(run, photos, out, monkeypatch, batches=4)
    before = unfinished(out)

    def fail(path: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(pieces, "opened", fail)
        result = run(photos, "--out", out)
    assert (result.exit_code, result.stderr.splitlines()[1:]) == (
        2,
        ["clipcoder: stopped, because the system says: input/output error"],
    )
    assert unfinished(out) == before


def test_a_piece_of_which_arrow_makes_no_sense_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise OSError("Couldn't deserialize thrift: invalid data")

    monkeypatch.setattr(pieces, "opened", fail)
    assert pieces.FinishedPiece.read(tmp_path / "000000000000-000000000010.parquet") is None


@pytest.mark.skipif(sys.platform != "linux", reason="only there is a file name any bytes")
def test_a_table_whose_name_is_no_text_is_whole(run: Run, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / os.fsdecode(b"\xff.parquet")
    assert run(photos, "--out", out).exit_code == 0
    out = out.rename(tmp_path / "text.parquet")
    assert table(out) == expected(sorted(photos.iterdir()))


def test_a_piece_that_was_damaged_is_removed_with_a_sentence(
    run: Run, photos: Path, out: Path, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(run, photos, out, monkeypatch, batches=4)
    second = unfinished(out)[1]
    content = bytearray(second.read_bytes())
    column = pq.read_metadata(second).row_group(0).column(1)
    content[column.data_page_offset + column.total_compressed_size - 5] ^= 1
    second.write_bytes(content)
    result = run(photos, "--no-cache", "--out", out)
    assert result.exit_code == 2
    assert "run the command again" in result.stderr
    assert not out.exists()
    assert run(photos, "--no-cache", "--out", out).exit_code == 0
    assert table(out) == expected(sorted(photos.iterdir()))


def test_pieces_are_written_after_some_seconds_too(
    run: Run, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "SECONDS", 0)
    stopped(run, photos, out, monkeypatch, batches=2)
    assert len(unfinished(out)) == 16


def test_a_full_disk_stops_it_with_a_sentence_and_loses_nothing(
    run: Run, photos: Path, out: Path, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def fail(handle: int) -> None:
        synced.append(handle)
        if len(synced) > 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("clipcoder.files.os.fsync", fail)
        result = run(photos, "--no-cache", "--out", out)
    assert result.exit_code == 2
    assert result.stderr.endswith("clipcoder: stopped, because the system says: no space left on device\n")
    assert not out.exists()
    assert "going on after 16 of 40" in run(photos, "--no-cache", "--out", out).stderr
    assert table(out) == expected(sorted(photos.iterdir()))


def test_an_old_table_stays_until_the_new_one_is_whole(
    run: Run, photos: Path, out: Path, small_pieces: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(photos / "00.png", "--out", out)
    before = out.read_bytes()
    stopped(run, photos, out, monkeypatch, batches=4)
    assert out.read_bytes() == before
    run(photos, "--no-cache", "--out", out)
    assert table(out) == expected(sorted(photos.iterdir()))


def test_a_run_that_finishes_no_piece_leaves_nothing(
    run: Run, photos: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(run, photos, out, monkeypatch, batches=0)
    assert left(out.parent) == set()


MISUSE = {
    "neither images nor texts": (["--out", "{out}"], "name either the images to embed or"),
    "images and texts": (["{photos}", "--texts", "x.txt", "--out", "{out}"], "name either the images"),
    "another form": (["{photos}", "--out", "{out}.csv"], "ends in .parquet"),
    "no such folder": (["{photos}", "--out", "{photos}/no/x.parquet"], "no such file or directory"),
    "no image": (["{photos}/*.jpg", "--out", "{out}"], "there is no image in"),
    "no file of texts": (["--texts", "{photos}/no.txt", "--out", "{out}"], "cannot read --texts"),
    "no UTF-8": (["--texts", "{photos}/00.png", "--out", "{out}"], "it is not UTF-8 text"),
    "no text": (["--texts", "{photos}/empty.txt", "--out", "{out}"], "there is no text in"),
}


@pytest.mark.parametrize(("arguments", "said"), MISUSE.values(), ids=MISUSE)
def test_what_makes_no_sense_is_one_sentence_before_a_model_is_loaded(
    run: Run, photos: Path, out: Path, encoders: list[CountingEncoder], arguments: list[str], said: str
) -> None:
    (photos / "empty.txt").write_text(" \n\n")
    assert said in sentence(run(*(a.format(photos=photos, out=out) for a in arguments)))
    assert encoders == []
    assert left(out.parent) == set()


def test_a_folder_in_the_way_is_named(run: Run, photos: Path, out: Path) -> None:
    out.mkdir()
    assert "there is a folder of that name" in sentence(run(photos, "--out", out))
    assert left(out.parent) == {"features.parquet"}
