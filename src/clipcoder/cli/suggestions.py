"""From the images that a user has to those worth a label: read, compared, and told."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from clipcoder import selection
from clipcoder.arrays import FloatArray, softmax
from clipcoder.cli.inputs import tell
from clipcoder.cli.labelled import LABEL, PATH, LabelledImages
from clipcoder.cli.progress import progress
from clipcoder.cli.sources import Source, shown
from clipcoder.errors import InvalidInputError, UnreadableImageError

if TYPE_CHECKING:
    from rich.table import Table

    from clipcoder.bank import TextBank
    from clipcoder.encoded import Method
    from clipcoder.encoders.base import Encoder

GUESS: Final = "guess"
"""The column of a table to be filled in that says what the texts think."""

ENCODED: Final = 50_000
"""Images at most that are encoded; of more, as many are drawn at random."""

_UNSURE: Final = 0.5
"""Of ``selection.doubt``: the two best classes are less than this apart in probability."""


@dataclass(frozen=True)
class Suggestion:
    """An image worth a label.

    Attributes:
        path: where it is.
        ranking: the two classes that the texts think most likely, with their probabilities.
        stands_for: how many of the images that were looked at it is most like, itself among them.
    """

    path: str
    ranking: Sequence[tuple[str, float]]
    stands_for: int

    @property
    def why(self) -> str:
        """Say why its label would help.

        >>> Suggestion("a.jpg", [("cat", 0.5), ("dog", 0.4)], 12).why
        'uncertain between cat and dog; stands for 12 images like it'
        """
        (best, lead), (second, rest) = self.ranking
        sure = f"probably {best}" if lead - rest > _UNSURE else f"uncertain between {best} and {second}"
        return f"{sure}; " + (
            f"stands for {self.stands_for:,} images like it" if self.stands_for > 1 else "like no other"
        )

    def json_line(self) -> str:
        """Return it as a JSON object on one line."""
        content = {
            "path": shown(self.path),
            "guess": self.ranking[0][0],
            "probability": round(self.ranking[0][1], 6),
            "top": [{"class": name, "probability": round(p, 6)} for name, p in self.ranking],
            "stands_for": self.stands_for,
            "why": self.why,
        }
        return json.dumps(content, ensure_ascii=False)


@dataclass(frozen=True, eq=False)
class LookedAt:
    """Images as features, and what the texts make of them.

    Attributes:
        paths: n images that could be read; those that have a label come last.
        n_labelled: how many these are.
        features: unit rows of shape (n, d).
        probabilities: of each class, of shape (n, C).
        class_names: the classes.
        failures: how many images could not be read.
    """

    paths: Sequence[str]
    n_labelled: int
    features: FloatArray
    probabilities: FloatArray
    class_names: Sequence[str]
    failures: int

    def suggestions(self, budget: int, seed: int) -> list[Suggestion]:
        """Return the images whose labels would help most, the most useful first."""
        if not self.paths:
            return []
        labelled = np.arange(len(self.paths))[len(self.paths) - self.n_labelled :]
        logits = np.log(np.maximum(self.probabilities, np.finfo(np.float32).tiny))
        chosen = selection.suggest(self.features, logits, budget, labelled=labelled, seed=seed)
        counts = selection.standing_for(self.features, chosen, labelled=labelled)
        return [self._suggestion(*pair) for pair in zip(chosen.tolist(), counts.tolist(), strict=True)]

    def _suggestion(self, image: int, stands_for: int) -> Suggestion:
        likely = self.probabilities[image]
        order = np.argsort(-likely, kind="stable")[:2]
        ranking = [(self.class_names[c], float(likely[c])) for c in order]
        return Suggestion(self.paths[image], ranking, stands_for)


def check_unfilled(out: Path | None) -> None:
    """Refuse to write over labels that somebody has filled in.

    Raises:
        InvalidInputError: the file has some.
    """
    if out is None or not out.is_file():
        return
    try:
        labels = len(LabelledImages.read(out, "--out").paths)
    except InvalidInputError:  # no table of ours, or without labels
        return
    raise InvalidInputError(
        f"'{out}' has {labels:,} {'label' if labels == 1 else 'labels'}, which --out would write over; name "
        f"another file, and go on from this one with --labelled '{out}'"
    )


def pool_of(found: Sequence[Source], known: LabelledImages, seed: int) -> list[str]:
    """Return the images to choose among: those without a label, or a draw of them where they are very many.

    Raises:
        InvalidInputError: there is none, or it has no path.
    """
    labelled = {os.path.realpath(path) for path in known.paths}
    pool = [path for path in found if isinstance(path, str) and os.path.realpath(path) not in labelled]
    if not pool:
        raise InvalidInputError(
            "every image that is named has a label already; name a folder with some that have none"
            if labelled
            else "an image on standard input has no path to suggest; give files, folders or a list of paths"
        )
    if len(pool) <= ENCODED:
        return pool
    tell(f"looking at {ENCODED:,} of the {len(pool):,} images, drawn at random; another --seed draws others")
    drawn = np.random.default_rng(seed).choice(len(pool), ENCODED, replace=False)
    return [pool[i] for i in np.sort(drawn).tolist()]


def look_at(
    encoder: Encoder, bank: TextBank, method: Method, pool: Sequence[str], known: LabelledImages
) -> LookedAt:
    """Encode images and score them by texts, naming those that cannot be read and going on past them.

    Args:
        encoder: with a feature cache before it, a run that was stopped goes on where it was.
        bank: the texts of the classes.
        method: how they score.
        pool: images without a label.
        known: images that have one.
    """
    from clipcoder.encoded import EncodedTexts
    from clipcoder.encoders.ahead import encode_ahead

    paths, rows = [*pool, *known.paths], []
    kept: list[int] = []
    with closing(encode_ahead(encoder, paths)) as outcomes:
        for i, (_, row) in enumerate(progress(outcomes, len(paths), "encoding")):
            if isinstance(row, UnreadableImageError):
                tell(str(row))
            else:
                rows.append(row)
                kept.append(i)
    features = np.stack(rows) if rows else np.empty((0, encoder.dim), np.float32)
    scores = EncodedTexts.encode(encoder, bank, method).head.scores(features)
    return LookedAt(
        [paths[i] for i in kept],
        sum(i >= len(pool) for i in kept),
        features,
        softmax(scores, temperature=100 / encoder.logit_scale),
        bank.class_names,
        len(paths) - len(kept),
    )


def table(found: Sequence[Suggestion]) -> Table:
    """Return a table of file, guess, its probability, and why the label would help; in order."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    grid.add_column("", justify="right", style="dim")
    grid.add_column("file", overflow="fold")
    grid.add_column("guess", style="bold green", overflow="fold")
    grid.add_column("prob.", justify="right")
    grid.add_column("why", overflow="fold", ratio=1)
    for rank, suggestion in enumerate(found, start=1):
        (guess, probability), _ = suggestion.ranking
        cells = [f"{rank}", shown(suggestion.path), guess, f"{probability:.0%}", suggestion.why]
        grid.add_row(*map(Text, cells))  # Text, for a name in square brackets is no markup
    return grid


def write_rows(found: Sequence[Suggestion], known: LabelledImages, target: Path, folder: Path) -> None:
    """Write a table to be filled in: the images that have labels, then those that should get one.

    Args:
        found: the suggestions.
        known: images with labels, so that in the end all are in one table.
        target: the file.
        folder: where the file will be; what is in it is named from there, and the rest by its whole path.
    """
    labelled = zip(known.paths, known.labels, strict=True)
    rows = [(_path_from(folder, path), label, "") for path, label in labelled]
    rows += [(_path_from(folder, s.path), "", s.ranking[0][0]) for s in found]
    with target.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([(PATH, LABEL, GUESS), *rows])


def _path_from(folder: Path, path: str) -> str:
    whole, home = Path(path).resolve(), folder.resolve()
    return shown(str(whole.relative_to(home) if whole.is_relative_to(home) else whole))
