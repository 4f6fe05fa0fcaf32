"""``clipcoder models``: what there is, what is here, and one sentence for what is not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from huggingface_hub import constants

from clipcoder.cli.group import Commands
from clipcoder.cli.models import OTHERS, models
from clipcoder.encoders.hub import published as hub
from clipcoder.encoders.hub.catalog import catalog
from clipcoder.encoders.hub.client import NEEDED
from clipcoder.encoders.hub.pins import Pins, SeenFile, Sight
from clipcoder.errors import ModelUnavailableError
from clipcoder.paths import CACHE_VARIABLE

NAME, REPOSITORY = "ViT-B-32/openai", "immich-app/ViT-B-32__openai"
COMMIT = "0123456789abcdef0123456789abcdef01234567"

Models = Callable[..., Result]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty caches, and a hub that nobody may ask."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "clipcoder"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    return tmp_path / "cache"


@pytest.fixture
def run() -> Models:
    group = Commands("clipcoder", commands=[models])

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(group, ["models", *arguments])

    return invoke


@pytest.fixture
def fetched(cache: Path) -> Path:
    return fill(cache, REPOSITORY)


def fill(cache: Path, repository: str) -> Path:
    """Leave in the client's cache what another program would have fetched: 100 bytes a file."""
    storage = cache / f"models--{repository.replace('/', '--')}"
    folder = storage / "snapshots" / COMMIT
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(100))
    (storage / "refs").mkdir()
    (storage / "refs" / "main").write_text(COMMIT)
    return folder


def records(result: Result) -> dict[str, dict[str, object]]:
    assert result.exit_code == 0
    return {record["name"]: record for record in map(json.loads, result.stdout.splitlines())}


def test_every_model_has_a_row_with_its_facts(run: Models) -> None:
    result = run()
    assert result.exit_code == 0
    heading, *rows = result.stdout.splitlines()
    assert heading.split() == "model dim pixels params languages licence on this machine".split()  # noqa: SIM905
    assert [row.split()[0] for row in rows] == [facts.name for facts in catalog()]
    assert "ViT-B-32/openai 512 224 151 M English MIT" in [" ".join(row.split()) for row in rows]


def test_how_other_models_are_named_is_said_beside_the_table(run: Models) -> None:
    assert run().stderr == f"clipcoder: {OTHERS}\n"


def test_a_table_in_a_file_is_not_wider_than_a_page(run: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    assert max(map(len, run().stdout.splitlines())) <= 120


def test_a_named_model_is_the_only_one(run: Models) -> None:
    assert list(records(run("--json", NAME))) == [NAME]


def test_json_has_what_is_known_and_where_it_is(run: Models, fetched: Path) -> None:
    record = records(run("--json"))[NAME]
    assert (record["dim"], record["image_size"], record["context_length"]) == (512, 224, 77)
    assert record["local"] is True
    assert record["here"] == {"commit": COMMIT, "folder": str(fetched), "bytes": 500, "pinned": False}


def test_the_table_says_how_large_and_of_which_revision_it_is(run: Models, fetched: Path) -> None:
    (row,) = [line for line in run().stdout.splitlines() if line.startswith(f"{NAME} ")]
    assert row.split("  ")[-1].strip() == "500 bytes (0123456)"


def test_local_ones_are_the_starter_and_what_is_here(run: Models, fetched: Path) -> None:
    assert list(records(run("--local", "--json"))) == ["starter", NAME]


def test_a_model_that_lacks_a_file_is_not_here(run: Models, fetched: Path) -> None:
    (fetched / "textual/model.onnx").unlink()
    assert list(records(run("--local", "--json"))) == ["starter"]


def test_local_ones_may_be_none(run: Models) -> None:
    result = run("--local", NAME)
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_pinned_repository_beyond_the_catalogue_is_listed(run: Models, cache: Path) -> None:
    folder = fill(cache, "someone/theirs")
    seen = {name: SeenFile.read(folder / name) for name in NEEDED}
    Pins().remember(Sight("someone/theirs", COMMIT, seen))
    record = records(run("--local", "--json"))["hub:someone/theirs"]
    assert record["repository"] == "someone/theirs"
    assert record["here"] == {"commit": COMMIT, "folder": str(folder), "bytes": 500, "pinned": True}
    assert "hub:someone/theirs" in run().stdout


def test_a_revision_can_be_asked_about(run: Models, fetched: Path) -> None:
    name = f"{NAME}@{COMMIT}"
    assert records(run("--json", name))[name]["local"] is True


@pytest.mark.parametrize("option", [[], ["--json"], ["--update"]])
def test_an_unknown_name_answers_with_the_nearest(run: Models, option: list[str]) -> None:
    result = run("ViT-B-32/openapi", *option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "clipcoder: unknown model 'ViT-B-32/openapi': "
        "did you mean 'ViT-B-32/openai' or 'ViT-B-16/openai' or 'ViT-L-14/openai'?\n"
    )


def test_an_update_says_from_where_to_where(run: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = {NAME: (COMMIT, "f" * 40), "RN50/openai": (None, COMMIT), "RN101/openai": (COMMIT, COMMIT)}
    monkeypatch.setattr(hub, "update", commits.__getitem__)
    result = run("--update", "--json", *commits)
    assert list(records(result)) == list(commits)
    assert result.stderr.splitlines() == [
        f"clipcoder: {NAME} was at 0123456, is at fffffff",
        "clipcoder: RN50/openai is at 0123456",
        "clipcoder: RN101/openai is at 0123456",
    ]


def test_an_update_that_fails_is_one_sentence(run: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    def update(name: str) -> tuple[str | None, str]:
        raise ModelUnavailableError(name, "the hub", "it is shut")

    monkeypatch.setattr(hub, "update", update)
    result = run("--update", NAME)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "clipcoder: cannot fetch the model 'ViT-B-32/openai' from the hub: it is shut;"
    )


def test_an_update_of_nothing_is_refused(run: Models) -> None:
    result = run("--update")
    assert result.exit_code == 2
    assert result.stderr == ("clipcoder: --update needs the names of the models that shall be fetched anew\n")


def test_what_is_here_is_found_without_a_network_or_an_engine() -> None:
    heavy = {"onnxruntime", "tokenizers", "torch", "pyarrow", "httpx", "httpx2", "requests", "urllib3"}
    code = (
        "import sys; from clipcoder.cli.models import models; models.main([], standalone_mode=False); "
        f"print({sorted(heavy)!r} and set({sorted(heavy)!r}) & set(sys.modules), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stderr.splitlines()[-1] == "set()"
