"""What tells machines apart: the processor with its instructions, the cores, the engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipcoder.encoders import machine

CPUINFO = "processor : 0\nmodel name : Fast 9000\nflags : one two\n\nprocessor : 1\nmodel name : Slow 1\n"


def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, facts: str) -> str:
    (tmp_path / "cpuinfo").write_text(facts)
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "cpuinfo")
    return machine.processor()


def test_a_processor_is_its_name_and_its_instructions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = written(tmp_path, monkeypatch, CPUINFO)
    assert "Fast 9000" in named
    assert "Slow" not in named
    assert named == written(tmp_path, monkeypatch, CPUINFO)
    assert named != written(tmp_path, monkeypatch, CPUINFO.replace("two", "three"))


def test_where_the_system_does_not_tell_there_is_a_name_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "nowhere")
    monkeypatch.setattr("platform.processor", lambda: "")
    monkeypatch.setattr("platform.machine", lambda: "z80")
    assert machine.processor_name() == "z80"


def test_cores_are_those_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert machine.cores() == 3
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert machine.cores() == 1


@pytest.mark.parametrize(("lent", "threads"), [(4, 4), (64, 0)])
def test_of_a_large_machine_an_engine_takes_what_is_lent(
    monkeypatch: pytest.MonkeyPatch, lent: int, threads: int
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: lent)
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    assert machine.engine_threads() == threads


def test_engines_that_are_not_installed_are_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "ENGINES", ("onnxruntime", "no-such-engine"))
    assert list(machine.engine_versions()) == ["onnxruntime"]
