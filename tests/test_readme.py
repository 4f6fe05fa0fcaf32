"""The README tells the truth: its Python runs, its commands and files exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from clipcoder.cli import main
from toy_encoder import plain

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
COMMANDS = [
    line.removeprefix("$ ").partition("  #")[0]
    for block in re.findall(r"^```console\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
    if line.startswith("$ ")
]


def test_it_opens_with_the_two_commands() -> None:
    assert [shlex.split(command) for command in COMMANDS[:2]] == [["make", "demo"], ["make", "test"]]
    assert README.startswith("```console\n$ make demo")


@pytest.mark.parametrize("code", PYTHON)
def test_its_python_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in re.findall(r'"([\w/.-]+\.(?:png|jpg))"', code):
        Path(name).parent.mkdir(exist_ok=True)
        plain((200, 120, 40), (64, 48)).save(name)
    exec(compile(code, "README.md", "exec"), {"__name__": "readme"})


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_its_make_commands_exist(command: str) -> None:
    target = shlex.split(command)[1]
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_its_commands_parse() -> None:
    lines = [shlex.split(c)[1:] for c in COMMANDS if c.startswith("clipcoder ")]
    assert lines
    for line in lines:
        name, context = line[0], click.Context(main)
        command = main.get_command(context, name)
        assert command is not None
        command.make_context(name, line[1:])


@pytest.mark.parametrize("target", re.findall(r"\]\(([^):]+)\)", README))
def test_its_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
