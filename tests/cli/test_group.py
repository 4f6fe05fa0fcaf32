"""What every command shares: sentences instead of tracebacks and warnings."""

from __future__ import annotations

import logging
import sys
import warnings
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from clipcoder.cli.group import Commands, Helpful
from clipcoder.cli.inputs import tell


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Result:
    """The group with one command, which does what the test says."""
    command = click.Command("command", callback=request.param)
    return CliRunner().invoke(Commands("clipcoder", commands=[command]), ["command"])


def warn() -> None:
    warnings.warn("something about code", UserWarning, stacklevel=1)
    click.echo("done")


def log() -> None:
    logging.getLogger("clipcoder").warning("one\nsentence")
    logging.getLogger("clipcoder.deeper").info("another one")


def fail_to_write() -> None:
    raise OSError(28, "Error writing bytes to file. Detail: [errno 28] No space left on device")


@pytest.mark.parametrize("run", [warn], indirect=True)
def test_warnings_about_code_are_kept_from_the_user(run: Result) -> None:
    assert (run.exit_code, run.output) == (0, "done\n")


def test_whoever_asks_for_warnings_sees_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "warnoptions", ["default"])
    group = Commands("clipcoder", commands=[click.Command("command", callback=warn)])
    with pytest.warns(UserWarning, match="something about code"):
        CliRunner().invoke(group, ["command"])


def test_the_filters_of_whoever_calls_stay_as_they_are() -> None:
    before = list(warnings.filters)
    CliRunner().invoke(Commands("clipcoder", commands=[click.Command("command", callback=warn)]), ["command"])
    assert list(warnings.filters) == before


@pytest.mark.parametrize("run", [log], indirect=True)
def test_what_the_package_logs_is_a_line_each(run: Result) -> None:
    assert run.stderr == "clipcoder: one sentence\nclipcoder: another one\n"


def fail_to_read() -> None:
    Path("/nowhere/at all").read_bytes()


@pytest.mark.parametrize("run", [fail_to_read], indirect=True)
def test_what_the_system_does_not_give_is_named(run: Result) -> None:
    assert run.exit_code == 2
    assert run.stderr.endswith("no such file or directory ('/nowhere/at all')\n")


def test_without_a_command_a_group_says_what_is_in_it() -> None:
    inner = Helpful("inner", commands=[click.Command("command")], help="What it is for.")
    group = Commands("clipcoder", commands=[inner])
    for arguments, listed in (([], "inner  What it is for."), (["inner"], "Commands:\n  command")):
        result = CliRunner().invoke(group, arguments)
        assert (result.exit_code, result.stderr) == (0, "")
        assert listed in result.stdout


@pytest.mark.parametrize("run", [fail_to_write], indirect=True)
def test_the_system_is_quoted_and_not_the_library_between(run: Result) -> None:
    assert run.exit_code == 2
    assert run.stderr == "clipcoder: stopped, because the system says: no space left on device\n"


def test_a_name_with_a_line_break_is_told_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell("cannot read 'new\nline.png'")
    assert capsys.readouterr().err == "clipcoder: cannot read 'new line.png'\n"
