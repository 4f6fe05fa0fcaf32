"""The choice of a precision: by speed, among what stays near float32; measured once, told, remembered."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from filelock import FileLock

from clipcoder.encoders import precision as module
from clipcoder.encoders.base import Precision
from clipcoder.encoders.precision import check_offered, fastest_precision
from clipcoder.errors import InvalidInputError, MissingExtraError

ALL: list[Precision] = ["float32", "bfloat16", "int8"]
Rows = npt.NDArray[np.float32]


class Clock:
    """A clock that only encoders move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class FakeEncoder:
    """Takes as long as it says for an image, and turns features as far as it says."""

    name, dim, logit_scale, logit_bias, batch_size = "fake", 2, 100.0, None, 10

    def __init__(self, clock: Clock, precision: Precision, rate: float, image: float, text: float) -> None:
        self.precision = precision
        self._clock, self._rate, self._cosines = clock, rate, (image, text)

    def fingerprint(self) -> str:
        return "0" * 64

    def prepare_image(self, image: Any) -> Any:
        return image.size

    def encode_prepared(self, prepared: Sequence[Any]) -> Rows:
        self._clock.now += len(prepared) / self._rate
        return self._rows(len(prepared), self._cosines[0])

    def encode_images(self, images: Sequence[Any]) -> Rows:
        return self.encode_prepared(images)

    def encode_texts(self, texts: Sequence[str]) -> Rows:
        return self._rows(len(texts), self._cosines[1])

    @staticmethod
    def _rows(count: int, cosine: float) -> Rows:
        rows = np.tile(np.float32([1, 0]), (count, 1))
        rows[-1] = cosine, np.sqrt(1 - cosine**2)
        return rows


Model = Callable[[Precision], FakeEncoder]


@pytest.fixture
def opened() -> list[str]:
    return []


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, opened: list[str]) -> Callable[..., Model]:
    """Makes a model of what it does in each precision: images a second, cosines of images and texts."""
    clock = Clock()
    monkeypatch.setattr(module, "perf_counter", clock)

    def model(**behaviour: tuple[float, float, float] | Exception) -> Model:
        def open_encoder(precision: Precision) -> FakeEncoder:
            opened.append(precision)
            does = behaviour[precision]
            if isinstance(does, Exception):
                raise does
            return FakeEncoder(clock, precision, *does)

        return open_encoder

    return model


def choice(model: Model, candidates: list[Precision] = ALL, /, **situation: str) -> Precision:
    return fastest_precision(model, candidates, **{"model": "digest", **situation})


def test_the_fastest_is_taken(fake: Callable[..., Model]) -> None:
    model = fake(float32=(50, 1, 1), bfloat16=(90, 0.9999, 0.9999), int8=(100, 0.9997, 0.9997))
    assert choice(model) == "int8"


@pytest.mark.parametrize("cosines", [(0.9994, 1), (1, 0.9994), (np.nan, 1)])
def test_what_moves_an_image_or_a_text_too_far_is_not(
    fake: Callable[..., Model], cosines: tuple[float, float], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "clipcoder")
    model = fake(float32=(50, 1, 1), bfloat16=(90, 0.9999, 0.9999), int8=(100, *cosines))
    assert choice(model) == "bfloat16"
    assert "int8 left out, its cosine to float32 falls to" in caplog.text


def test_a_gain_that_is_hardly_one_is_not_worth_it(fake: Callable[..., Model]) -> None:
    assert choice(fake(float32=(50, 1, 1), bfloat16=(54, 1, 1), int8=(40, 1, 1))) == "float32"


def test_a_moment_in_which_the_machine_is_busy_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, calls = Clock(), count()
    monkeypatch.setattr(module, "perf_counter", clock)

    class Disturbed(FakeEncoder):
        def encode_prepared(self, prepared: Sequence[Any]) -> Rows:
            clock.now += 10 if next(calls) == 1 else 0  # the first time that it is timed
            return super().encode_prepared(prepared)

    rates = {"float32": 50, "bfloat16": 90, "int8": 100}
    kinds = {"int8": Disturbed}
    assert choice(lambda p: kinds.get(p, FakeEncoder)(clock, p, rates[p], 1, 1)) == "int8"


def test_what_was_chosen_is_told_in_one_line(
    fake: Callable[..., Model], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "clipcoder")
    choice(fake(float32=(50, 1, 1), bfloat16=(90, 1, 1), int8=MissingExtraError("int8", "fast")))
    assert caplog.messages == [
        "fake computes in bfloat16 here (float32 50 images/s, bfloat16 90 images/s; pip install "
        "'clipcoder[fast]' to let it try int8)"
    ]


def test_what_cannot_be_had_here_is_left_out_with_its_reason(
    fake: Callable[..., Model], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "clipcoder")
    model = fake(float32=(50, 1, 1), bfloat16=InvalidInputError("no instructions"), int8=(100, 1, 1))
    assert choice(model) == "int8"
    assert "bfloat16 left out, no instructions" in caplog.text


def test_an_engine_that_fails_in_its_own_way_is_left_out_too(
    fake: Callable[..., Model], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "clipcoder")
    model = fake(float32=(50, 1, 1), bfloat16=RuntimeError("no kernel\nfor it"), int8=(100, 1, 1))
    assert choice(model) == "int8"
    assert "bfloat16 left out, no kernel for it" in caplog.text


def test_what_is_opened_at_the_same_time_is_measured_once(
    fake: Callable[..., Model], opened: list[str]
) -> None:
    model = fake(float32=(50, 1, 1), bfloat16=(90, 1, 1), int8=(10, 1, 1))

    def slowly(precision: Precision) -> FakeEncoder:
        sleep(0.02)
        return model(precision)

    with ThreadPoolExecutor(3) as threads:
        assert set(threads.map(lambda _: choice(slowly), range(3))) == {"bfloat16"}
    assert opened == ALL


def test_what_is_remembered_needs_no_turn(
    fake: Callable[..., Model], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = fake(float32=(50, 1, 1), bfloat16=(90, 1, 1), int8=(10, 1, 1))
    choice(model)
    with FileLock(cache / "precision.json.lock"):  # somebody measures another model
        monkeypatch.setattr("filelock.FileLock.acquire", lambda *_, **__: pytest.fail("it waits"))
        assert choice(model) == "bfloat16"


def test_a_model_that_does_not_open_at_all_is_an_error(fake: Callable[..., Model]) -> None:
    with pytest.raises(InvalidInputError, match="broken"):
        choice(fake(float32=InvalidInputError("broken")))


def test_one_candidate_needs_no_measurement(fake: Callable[..., Model], opened: list[str]) -> None:
    assert choice(fake(), ["int8"]) == "int8"
    assert opened == []


def test_the_choice_is_remembered(fake: Callable[..., Model], opened: list[str], cache: Path) -> None:
    model = fake(float32=(50, 1, 1), bfloat16=(90, 1, 1), int8=(10, 1, 1))
    assert choice(model) == "bfloat16"
    assert opened == ALL
    assert choice(model) == "bfloat16"
    assert opened == ALL
    (entry,) = json.loads((cache / "precision.json").read_text()).values()
    assert entry["precision"] == "bfloat16"
    assert [trial["images_per_second"] for trial in entry["trials"]] == pytest.approx([50, 90, 10])


@pytest.mark.parametrize(
    "change",
    [
        lambda patch: {"model": "another"},
        lambda patch: {"device": "cuda"},
        lambda patch: {"candidates": ["float32", "bfloat16"]},
        lambda patch: patch.setattr(module, "processor", lambda: "another") or {},
        lambda patch: patch.setattr(module, "engine_versions", lambda: {"onnxruntime": "99"}) or {},
        lambda patch: patch.setattr(module, "VERSION", 99) or {},
    ],
    ids=["model", "device", "candidates", "processor", "engines", "probe"],
)
def test_another_situation_is_measured_anew(
    fake: Callable[..., Model],
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[pytest.MonkeyPatch], dict[str, Any]],
) -> None:
    model = fake(float32=(50, 1, 1), bfloat16=(90, 1, 1), int8=(10, 1, 1))
    choice(model)
    opened.clear()
    situation = change(monkeypatch)
    choice(model, situation.pop("candidates", ALL), **situation)
    assert opened


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        "null",
        '{"KEY": 5}',
        '{"KEY": {"precision": "int4"}}',
        '{"KEY": {"precision": "float16"}}',
        '{"KEY": {}}',
    ],
)
def test_a_broken_memory_is_measured_again_and_mended(
    fake: Callable[..., Model], opened: list[str], cache: Path, content: str
) -> None:
    model = fake(float32=(50, 1, 1), bfloat16=(90, 1, 1), int8=(10, 1, 1))
    choice(model)
    (key,) = json.loads((cache / "precision.json").read_text())
    (cache / "precision.json").write_text(content.replace("KEY", key))
    opened.clear()
    assert choice(model) == "bfloat16"
    assert opened == ALL
    assert json.loads((cache / "precision.json").read_text())[key]["precision"] == "bfloat16"


def test_where_nothing_can_be_written_the_choice_is_made_all_the_same(
    fake: Callable[..., Model], unwritable_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert choice(fake(float32=(50, 1, 1), bfloat16=(90, 1, 1), int8=(10, 1, 1))) == "bfloat16"
    (warning,) = (record for record in caplog.records if record.levelno == logging.WARNING)
    assert "cannot remember the precision" in warning.getMessage()
    assert unwritable_cache.read_text() == "in the way"


def test_models_do_not_forget_each_other(fake: Callable[..., Model], opened: list[str]) -> None:
    model = fake(float32=(50, 1, 1), bfloat16=(90, 1, 1), int8=(10, 1, 1))
    choice(model, model="one")
    choice(model, model="other")
    opened.clear()
    choice(model, model="one")
    choice(model, model="other")
    assert opened == []


def test_a_precision_that_is_not_offered_is_refused() -> None:
    check_offered("int8", ["float32", "int8"], "it")
    with pytest.raises(InvalidInputError, match="it computes in float32 or int8, not in 'int4'"):
        check_offered("int4", ["float32", "int8"], "it")
