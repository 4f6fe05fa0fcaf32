"""``precision="auto"``: which arithmetic is fastest on this processor and still close to float32.

It is measured when a model is first opened that way, on the images and texts of ``probe``, and remembered in
``precision.json`` of the cache folder for this model, this processor and these versions of the engines. Any
family of encoders can use it that opens one model in several precisions::

    if precision == AUTO:
        precision = fastest_precision(
            lambda precision: MyEncoder(weights, precision=precision),
            ["float32", "bfloat16"],
            model=digest_of_weights,
        )
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from PIL import Image

from clipcoder.encoders.base import PRECISIONS, FloatArray, Precision, StagedEncoder
from clipcoder.encoders.machine import engine_versions, processor
from clipcoder.encoders.probe import LEAST_COSINE, PROBE_TEXTS, VERSION, least_cosine, probe_images
from clipcoder.errors import InvalidInputError, MissingExtraError
from clipcoder.files import alone, whole_file
from clipcoder.paths import cache_folder

AUTO: Final = "auto"
LEAST_GAIN: Final = 1.1
"""How many times as fast as float32 another precision must be to be worth its rounding."""

_FILE: Final = "precision.json"
_SECONDS: Final = 1.0  # that a candidate is timed for at least, after it has encoded the probe
_ROUNDS: Final = 4  # that are timed at least; the fastest counts

_log = logging.getLogger("clipcoder")

Open = Callable[[Precision], StagedEncoder]
"""Opens the model in a precision, or raises a ``ClipcoderError`` where that cannot be had here."""


@dataclass(frozen=True)
class Trial:
    """How a model did in one precision.

    Attributes:
        precision: the precision.
        images_per_second: from prepared images to features.
        cosine: the smallest one to the features of float32, over the images and texts of the probe.
    """

    precision: Precision
    images_per_second: float
    cosine: float

    def __str__(self) -> str:
        return f"{self.precision} {self.images_per_second:.3g} images/s"


def check_offered(precision: str, offered: Sequence[str], what: str) -> None:
    """Refuse a precision that an encoder cannot compute in.

    Args:
        precision: what was asked for.
        offered: what can be had.
        what: the encoder, for the message.

    Raises:
        InvalidInputError: it is not offered.

    Example:
        >>> check_offered("int4", ["float32", "int8"], "'starter' on cpu")
        Traceback (most recent call last):
            ...
        clipcoder.errors.InvalidInputError: 'starter' on cpu computes in float32 or int8, not in 'int4'
    """
    if precision not in offered:
        raise InvalidInputError(f"{what} computes in {' or '.join(offered)}, not in {precision!r}")


def fastest_precision(
    open_encoder: Open, candidates: Sequence[Precision], *, model: str, device: str = "cpu"
) -> Precision:
    """Return the precision in which a model is fastest here and close enough to float32.

    Close enough: every image and text of the probe keeps a cosine of ``LEAST_COSINE``. Fastest: the most
    images a second in ``encode_prepared``, and at least ``LEAST_GAIN`` times those of float32. What was
    chosen is logged by ``clipcoder`` at INFO, with what was left out and why.

    Args:
        open_encoder: opens the model in one of the candidates. It is not called where the choice is
            remembered; otherwise all of them are open at the same time.
        candidates: the precisions to choose from, ``"float32"`` first. One that cannot be opened is left out.
        model: a digest of the weights and the preprocessing.
        device: where the model computes, with the name of the card if it is one.

    Raises:
        ClipcoderError: the model cannot be opened in float32.
    """
    if len(candidates) == 1:
        return candidates[0]
    situation = {
        "model": model,
        "device": device,
        "processor": processor(),
        "engines": engine_versions(),
        "candidates": list(candidates),
        "probe": VERSION,
    }
    memory = Memory(cache_folder() / _FILE)
    chosen = memory.recall(situation)
    if chosen is not None:
        return chosen
    with alone(memory.path):  # a second process waits and remembers, rather than disturb the measurement
        return memory.recall(situation) or _measured(open_encoder, candidates, memory, situation)


class Memory:
    """What was chosen, by situation: a JSON file that may be deleted at any time.

    Args:
        path: the file. Where it is absent, broken or of another make, nothing is remembered.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def recall(self, situation: dict[str, Any]) -> Precision | None:
        """Return what was chosen in a situation, None if that is not known."""
        kept = self._read().get(_key(situation))
        chosen = kept.get("precision") if isinstance(kept, dict) else None
        return next((p for p in PRECISIONS if p == chosen and p in situation["candidates"]), None)

    def keep(self, situation: dict[str, Any], chosen: Precision, trials: Iterable[Trial]) -> None:
        """Remember a choice and what it rests on; where that cannot be written, say so and go on."""
        entry = {"precision": chosen, "trials": [asdict(trial) for trial in trials], **situation}
        content = {**self._read(), _key(situation): entry}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(self.path) as file:
                file.write(json.dumps(content, indent=1).encode())
        except OSError as error:
            reason = error.strerror or error
            _log.warning(
                "cannot remember the precision in '%s' (%s); it will be measured again", self.path, reason
            )

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}


def _key(situation: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(situation, sort_keys=True).encode()).hexdigest()


def _measured(
    open_encoder: Open, candidates: Sequence[Precision], memory: Memory, situation: dict[str, Any]
) -> Precision:
    images = probe_images()
    exact = _Contestant.of(open_encoder(candidates[0]), images)
    near, left_out = [exact], []
    for precision in candidates[1:]:
        try:
            contestant = _Contestant.of(open_encoder(precision), images)
        except Exception as error:  # an engine may stumble in its own way over what it cannot compute
            left_out.append(_why(precision, error))
            continue
        cosine = contestant.cosine(exact)
        if cosine >= LEAST_COSINE:
            near.append(contestant)
        else:
            left_out.append(f"{precision} left out, its cosine to {candidates[0]} falls to {cosine:.6f}")
    trials = [
        Trial(contestant.encoder.precision, rate, contestant.cosine(exact))
        for contestant, rate in zip(near, _images_per_second(near), strict=True)
    ]
    best = max(trials, key=lambda trial: trial.images_per_second)
    chosen = best if best.images_per_second >= LEAST_GAIN * trials[0].images_per_second else trials[0]
    memory.keep(situation, chosen.precision, trials)
    told = "; ".join([", ".join(map(str, trials)), *left_out])
    _log.info("%s computes in %s here (%s)", exact.encoder.name, chosen.precision, told)
    return chosen.precision


@dataclass(frozen=True)
class _Contestant:
    """An open encoder, a batch that it can be timed with, and its features of the probe."""

    encoder: StagedEncoder
    batch: Sequence[Any]
    images: FloatArray
    texts: FloatArray

    @classmethod
    def of(cls, encoder: StagedEncoder, images: Sequence[Image.Image]) -> _Contestant:
        prepared = [encoder.prepare_image(image) for image in images]
        batch = list(islice(cycle(prepared), encoder.batch_size))
        return cls(encoder, batch, encoder.encode_prepared(prepared), encoder.encode_texts(PROBE_TEXTS))

    def cosine(self, other: _Contestant) -> float:
        return min(least_cosine(self.images, other.images), least_cosine(self.texts, other.texts))


def _images_per_second(contestants: Sequence[_Contestant]) -> list[float]:
    """Time them in turns, so that whatever else the machine is doing slows down all of them alike."""
    seconds: list[list[float]] = [[] for _ in contestants]
    while len(seconds[0]) < _ROUNDS or sum(map(sum, seconds)) < _SECONDS * len(contestants):
        for contestant, took in zip(contestants, seconds, strict=True):
            start = perf_counter()
            contestant.encoder.encode_prepared(contestant.batch)
            took.append(perf_counter() - start)
    return [len(c.batch) / min(took) for c, took in zip(contestants, seconds, strict=True)]


def _why(precision: Precision, error: Exception) -> str:
    if isinstance(error, MissingExtraError):
        return f"pip install 'clipcoder[{error.extra}]' to let it try {precision}"
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{precision} left out, {reason}"
