"""One encoder on one data set: its cells, and how a cell becomes answers and a row."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from clipcoder.arrays import IntArray
from clipcoder.benchmark import as_published, provenance
from clipcoder.benchmark.answers import Answers, Score
from clipcoder.benchmark.cells import Cell, cells
from clipcoder.benchmark.features import EncodedImages, EncodedPool, Labelled, Watch, encode_split
from clipcoder.benchmark.knowledge import Knowledge
from clipcoder.benchmark.methods import ZERO_SHOT
from clipcoder.benchmark.preparing import Prepared
from clipcoder.benchmark.row import DatasetFacts, EncoderFacts, Row, Seconds, TextFacts
from clipcoder.benchmark.spec import BenchSpec
from clipcoder.benchmark.texts import all_sources
from clipcoder.data.draws import Draw
from clipcoder.encoders.base import Encoder, StagedEncoder
from clipcoder.encoders.probe import PROBE_TEXTS, probe_images
from clipcoder.errors import InvalidInputError
from clipcoder.generators.catalog import load_prompts
from clipcoder.store.keys import bytes_key

_PROBES: Final = 4  # images, and as many texts


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a cell: answers to the images that could be read, and what they took."""

    answers: Answers
    chosen: Mapping[str, Any]
    fit_seconds: float
    score_seconds: float


class Bench:
    """One encoder on one data set.

    Args:
        spec: what is wanted.
        prepared: the data set.
        encoder: with a feature cache before it, a run that was stopped goes on where it was.
        watch: shows how far encoding is.
    """

    def __init__(self, spec: BenchSpec, prepared: Prepared, encoder: Encoder, watch: Watch) -> None:
        self.spec = spec
        self.dataset = prepared.dataset
        self._prepared = prepared
        self._encoder = encoder
        self._watch = watch
        sources = all_sources(spec, self.dataset, prepared.files, encoder)
        prompts = load_prompts(self.dataset.prompts)
        self._known = Knowledge.of(encoder, self.dataset.class_names, prompts, sources)

    @property
    def encoder_name(self) -> str:
        """What the encoder is called."""
        return self._encoder.name

    @property
    def labels(self) -> IntArray:
        """The class of each image of the evaluated split, of shape (n,)."""
        return self._prepared.evaluated.labels

    def cells(self) -> Iterator[tuple[Cell, str]]:
        """Yield each cell with the id of its row.

        Raises:
            InvalidInputError: no source has the texts that a method takes which was named.
        """
        found = cells(self.spec, list(self._known.sources.values()))
        without = [name for name in self.spec.named if name not in {cell.method for cell in found}]
        if without:
            raise InvalidInputError(
                f"no source has the texts that {without[0]!r} takes on {self.dataset.title}; name another "
                "source, or leave that method out"
            )
        for cell in found:
            yield cell, cell.digest(self._facts(cell))

    def made(self, cell: Cell, row_id: str) -> tuple[Row, Answers]:
        """Run a cell; return its row, and what was answered to each image of the split.

        Raises:
            InvalidInputError: the method cannot go by its texts or images.
        """
        outcome = self._outcome(cell)
        images = self.evaluated
        answers = outcome.answers.over(images.readable)
        score = Score.of(answers, self.labels)
        seconds = (images.seconds, outcome.fit_seconds, outcome.score_seconds)
        row = Row(
            id=row_id,
            protocol=self.spec.protocol,
            encoder=self._encoder_facts,
            dataset=self._dataset_facts,
            texts=TextFacts(cell.source, self._known.text_hash(cell)),
            method=cell.method,
            shots=cell.shots,
            seed=cell.seed,
            accuracy=score.accuracy,
            class_accuracy_mean=score.class_accuracy_mean,
            ece=score.ece,
            seconds=Seconds(*(round(one, 4) for one in seconds)),
            peak_memory_mb=provenance.peak_memory_mb(),
            versions=provenance.versions(),
            made=provenance.now(),
            options=cell.options(self.spec),
            chosen=outcome.chosen,
            failed=images.failed,
            left_out=self._drawn(cell).left_out if cell.shots else (),
        )
        return row, answers

    def encode(self, few_shot: bool) -> None:
        """Encode the images that cells will ask for, and the labelled ones if there are few-shot cells."""
        _ = self.evaluated
        if few_shot:
            _ = self._pool

    @cached_property
    def evaluated(self) -> EncodedImages:
        """The images of the evaluated split."""
        doing = f"encoding {self.spec.evaluate} images of {self.dataset.name}"
        return encode_split(self._encoder, self._prepared.evaluated, self._watch, doing)

    @cached_property
    def _pool(self) -> EncodedPool:
        """All labelled images that any draw needs: of val draws, the reference alone has a use for them."""
        draws = self._prepared.draws.values()
        splits = [draw.train for draw in draws]
        if self.spec.protocol == "reference":
            splits += [draw.val for draw in draws]
        doing = f"encoding labelled images of {self.dataset.name}"
        return EncodedPool(self._encoder, splits, self._watch, doing)

    @cached_property
    def _encoder_facts(self) -> EncoderFacts:
        return EncoderFacts(self._encoder.name, encoder_hash(self._encoder))

    @cached_property
    def _dataset_facts(self) -> DatasetFacts:
        return DatasetFacts(
            self.dataset.name,
            self.dataset.title,
            self.dataset.fingerprint(),
            self.spec.evaluate,
            len(self._prepared.evaluated),
            len(self.dataset.class_names),
        )

    def _facts(self, cell: Cell) -> dict[str, Any]:
        """Return what a cell is run on and with, as far as it decides what comes of it."""
        facts = {
            "encoder": self._encoder_facts.hash,
            "dataset": [self.dataset.name, self._dataset_facts.hash],
            "evaluated": self.spec.evaluate,
            "protocol": self.spec.protocol,
            "texts": self._known.text_hash(cell),
            "options": cell.options(self.spec),
        }
        return facts | ({"drawn": self._draw(cell).train.keys} if cell.shots else {})

    def _draw(self, cell: Cell) -> Draw:
        assert cell.seed is not None
        return self._prepared.draws[cell.shots, cell.seed]

    def _drawn(self, cell: Cell) -> Labelled:
        return self._pool.labelled(self._draw(cell).train)

    def _outcome(self, cell: Cell) -> Outcome:
        features = self.evaluated.features
        drawn = self._drawn(cell) if cell.shots else None
        begun = time.perf_counter()
        if self.spec.protocol == "reference" and (cell.shots or ZERO_SHOT[cell.method].reranks):
            answers, chosen = self._as_published(cell, drawn)
            return Outcome(answers, chosen, 0.0, time.perf_counter() - begun)
        learned = self._known.learned(cell, drawn, top_k=self.spec.top_k, max_gap=self.spec.max_gap)
        fitted = time.perf_counter()
        answers = Answers.of(learned.judge, features)
        return Outcome(answers, learned.chosen, fitted - begun, time.perf_counter() - fitted)

    def _as_published(self, cell: Cell, drawn: Labelled | None) -> tuple[Answers, dict[str, float]]:
        images, name = self.evaluated, self.dataset.name
        evaluated = Labelled(images.features, self.labels[images.readable])
        if drawn is None:
            return as_published.reranked(self._known, cell, evaluated, self.spec, name)
        has_val = "val" in self.dataset.splits
        tuned = self._pool.labelled(self._draw(cell).val) if has_val else evaluated
        return as_published.voted(self._known, cell, evaluated, drawn, tuned, name)


def encoder_hash(encoder: Encoder) -> str:
    """Return hexadecimal digits for all that features depend on: the encoder's own, or those of its features.

    Of an encoder without a fingerprint nothing is known but its features, so a few decide, rounded.
    """
    if isinstance(encoder, StagedEncoder):
        return encoder.fingerprint()
    rows = encoder.encode_images(probe_images(_PROBES)), encoder.encode_texts(PROBE_TEXTS[:_PROBES])
    return bytes_key(b"".join(row.astype("<f4").round(3).tobytes() for row in rows))
