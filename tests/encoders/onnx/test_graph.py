"""Graphs whatever their engine: rows in their order, a fixed number filled up and spread over threads."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from clipcoder.encoders.onnx import graph as module
from clipcoder.encoders.onnx.graph import Array, Feeds, Graph, GraphPort, fixed_rows, reason_of
from clipcoder.errors import InvalidInputError

FLOAT = np.dtype(np.float32)


class Doubling(Graph):
    """Gives back twice what it is given, and notes how many rows came at a time."""

    def __init__(self, rows: int | None, *, batch_size: int = 4, width: int | None = 3) -> None:
        ports = [GraphPort("x", FLOAT, (rows, 3))], GraphPort("y", FLOAT, (rows, width))
        super().__init__(Path("model.onnx"), *ports, dim=3, batch_size=batch_size)
        self.calls: list[int] = []
        self.threads: set[str] = set()
        self.together: threading.Barrier | None = None

    def _compute(self, feeds: Feeds) -> Array:
        self.calls.append(len(feeds["x"]))
        self.threads.add(threading.current_thread().name)
        if self.together is not None:
            self.together.wait(10)
        if (feeds["x"] < 0).any():
            raise RuntimeError("[Engine] : 1 : FAIL : numbers must\nnot be negative.")
        return feeds["x"] * 2


def rows(count: int) -> dict[str, Array]:
    return {"x": np.arange(3.0 * count).reshape(count, 3)}


@pytest.mark.parametrize(
    ("fixed", "calls"), [(None, [4, 4, 2]), (1, [1] * 10), (3, [3, 3, 3, 3]), (16, [16])]
)
def test_rows_come_in_their_order_and_as_many_at_a_time_as_the_graph_takes(
    fixed: int | None, calls: list[int]
) -> None:
    graph = Doubling(fixed)
    features = graph.run(rows(10))
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, rows(10)["x"] * 2)
    assert graph.calls == calls


def test_no_rows_are_no_features() -> None:
    assert Doubling(None).run(rows(0)).shape == (0, 3)


def test_fixed_rows_are_computed_by_several_threads_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "worker_count", lambda: 2)
    graph = Doubling(1)
    graph.together = threading.Barrier(2)  # breaks unless two threads meet there
    np.testing.assert_array_equal(graph.run(rows(8)), rows(8)["x"] * 2)
    assert len(graph.threads) == 2


def test_rows_that_fit_at_once_stay_in_the_callers_thread() -> None:
    for graph in (Doubling(None), Doubling(4)):
        graph.run(rows(4))
        assert graph.threads == {threading.current_thread().name}


@pytest.mark.parametrize("fixed", [None, 1])
def test_an_engine_that_fails_is_one_sentence(fixed: int | None) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Doubling(fixed).run({"x": -rows(3)["x"]})
    assert str(caught.value) == "'model.onnx' cannot be run: numbers must not be negative"


def test_an_output_of_another_width_is_refused_when_it_is_known() -> None:
    with pytest.raises(
        InvalidInputError, match=r"embed_dim = 3 features for each input, but it is float32 \(\?, 7\)"
    ):
        Doubling(None, width=7)
    graph = Doubling(None, width=None)
    with pytest.raises(InvalidInputError, match=r"but it is \(2, 5\); the file belongs to another model"):
        graph.run({"x": np.zeros((2, 5))})


def test_the_number_of_rows_may_be_fixed_by_any_input() -> None:
    ids, mask = GraphPort("ids", FLOAT, (None, 7)), GraphPort("mask", FLOAT, (2, 7))
    assert fixed_rows([ids]) is None
    assert fixed_rows([ids, mask]) == 2
    assert fixed_rows([GraphPort("scalar", FLOAT, ())]) is None


def test_long_messages_are_cut_at_a_word() -> None:
    told = reason_of(RuntimeError("word " * 100))
    assert told.startswith("... word")
    assert len(told) < 220
    assert reason_of(RuntimeError()) == "RuntimeError"
