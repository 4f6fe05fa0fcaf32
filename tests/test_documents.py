"""The README and the pages of docs tell the truth: their examples run, their commands and files exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from clipcoder.bank import TextBank
from clipcoder.benchmark.spec import BenchSpec, read_spec
from clipcoder.cli import main
from clipcoder.generators.catalog import load_prompts
from toy_encoder import plain

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


class Example(NamedTuple):
    """Something that a page shows."""

    page: str
    text: str


def blocks(language: str) -> list[Example]:
    found = re.compile(rf"^```{language}\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [Example(page.name, text) for page in PAGES for text in found.findall(page.read_text("utf-8"))]


COMMANDS = [
    Example(block.page, re.split(r" {2,}#", line.removeprefix("$ "), maxsplit=1)[0])
    for block in blocks("console")
    for line in block.text.splitlines()
    if line.startswith("$ ")
]
LINKS = [
    (page, target) for page in PAGES for target in re.findall(r"\]\(([^):]+)\)", page.read_text("utf-8"))
]


def test_the_readme_opens_with_the_two_commands() -> None:
    assert [shlex.split(command.text) for command in COMMANDS[:2]] == [["make", "demo"], ["make", "test"]]
    assert PAGES[0].read_text("utf-8").startswith("```console\n$ make demo")


@pytest.mark.parametrize("example", blocks("python"))
def test_its_python_runs(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in re.findall(r'"([\w/.-]+\.(?:png|jpg))"', example.text):
        Path(name).parent.mkdir(exist_ok=True)
        plain((200, 120, 40), (64, 48)).save(name)
    exec(compile(example.text, example.page, "exec"), {"__name__": "page"})


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.text.startswith("make ")])
def test_its_make_commands_exist(command: Example) -> None:
    target = shlex.split(command.text)[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.text.startswith("clipcoder ")])
def test_its_commands_parse(command: Example) -> None:
    context, node = click.Context(main), main
    words = shlex.split(command.text)[1:]
    while isinstance(node, click.Group):
        found = node.get_command(context, words[0])
        assert found is not None
        node, words = found, words[1:]
    node.make_context(command.text, words)


@pytest.mark.parametrize("example", [b for b in blocks("toml") if "datasets" in b.text])
def test_its_benchmarks_can_be_run(example: Example, tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text(example.text)
    assert BenchSpec.of(read_spec(tmp_path / "bench.toml")).wanted


@pytest.mark.parametrize("example", [b for b in blocks("toml") if "datasets" not in b.text])
def test_its_prompts_load(example: Example, tmp_path: Path) -> None:
    (tmp_path / "prompts.toml").write_text(example.text)
    assert load_prompts(tmp_path / "prompts.toml").domain


@pytest.mark.parametrize("example", [b for b in blocks("json") if "clipcoder/text-bank" in b.text])
def test_its_banks_load(example: Example, tmp_path: Path) -> None:
    (tmp_path / "bank.json").write_text(example.text)
    TextBank.load(tmp_path / "bank.json").save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == example.text


@pytest.mark.parametrize(("page", "target"), LINKS)
def test_its_links_lead_somewhere(page: Path, target: str) -> None:
    assert (page.parent / target.partition("#")[0]).exists()
