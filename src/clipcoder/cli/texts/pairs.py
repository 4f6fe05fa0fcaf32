"""Which pairs of classes are worth texts that tell them apart: the options, and the choice."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from clipcoder.cli import sources
from clipcoder.cli.inputs import tell
from clipcoder.cli.progress import progress
from clipcoder.cli.texts.outputs import pairs_file
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from clipcoder.arrays import FloatArray
    from clipcoder.bank import TextBank
    from clipcoder.cli.texts.order import Order
    from clipcoder.encoders.base import Encoder

PairChoice = Literal["all", "confusable"]

SMALL: Final = 10
"""Up to so many classes all pairs are taken where nobody says which: 45 pairs, 90 requests."""
NEIGHBOURS: Final = 3
"""How many others are taken for each class where nobody says how many."""


@dataclass(frozen=True)
class PairOptions:
    """What the options say.

    Attributes:
        choice: all pairs, or those that are easily confused; None: all of a small set.
        images: unlabelled images whose confusions count, as paths, folders or globs; without any, the nearest
            texts say what is confusable.
        neighbours: how many others are taken for each class; None leaves that to us.
        out: where the bank goes; None means beside the bank of texts.
    """

    choice: PairChoice | None
    images: tuple[str, ...]
    neighbours: int | None
    out: Path | None

    def place(self, beside: Path) -> Path:
        """Return where the bank of pairs goes, which belongs to a bank of texts."""
        return self.out or pairs_file(beside)

    def takes_all(self, n_classes: int) -> bool:
        """Whether every pair of so many classes is taken."""
        return self.choice == "all" or (self.choice is None and not self._narrowing and n_classes <= SMALL)

    def check(self, order: Order, *, limited: bool) -> None:
        """Refuse options that have no say, and a bill that nobody can have meant.

        Args:
            order: what is to be written.
            limited: whether somebody has said what it may cost.

        Raises:
            InvalidInputError: options of pairs without one-to-one texts, options that contradict each other,
                or all pairs of many classes for a language model without a budget.
        """
        if not order.wants_pairs:
            for option in self._given:
                raise InvalidInputError(
                    f"{option} is about one-to-one texts; name one-to-one among the --kinds"
                )
            return
        if self.choice == "all" and self._narrowing:
            raise InvalidInputError(
                f"--pairs all takes every pair, but {self._narrowing[0]} picks some; leave one of them out"
            )
        from clipcoder.bank.writing import ALL_PAIRS_LIMIT

        count = len(order.names)
        if order.asks_model and self.takes_all(count) and count > ALL_PAIRS_LIMIT and not limited:
            raise InvalidInputError(
                f"--pairs all of {count:,} classes are {count * (count - 1):,} requests; take --pairs "
                "confusable, or say with --max-requests how many there may be"
            )

    @property
    def _narrowing(self) -> list[str]:
        named = {"--images": self.images, "--neighbours": self.neighbours}
        return [option for option, value in named.items() if value]

    @property
    def _given(self) -> Iterator[str]:
        named = {"--pairs": self.choice, "--pairs-out": self.out}
        yield from self._narrowing
        yield from (option for option, value in named.items() if value)


def pair_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options, and hand them over as one argument, ``pairs``."""

    @functools.wraps(command)
    def with_options(
        *args: Any,
        pairs: PairChoice | None,
        images: tuple[str, ...],
        neighbours: int | None,
        pairs_out: Path | None,
        **kwargs: Any,
    ) -> Any:
        return command(*args, pairs=PairOptions(pairs, images, neighbours, pairs_out), **kwargs)

    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options


_OPTIONS: Final = (
    click.option(
        "--pairs",
        type=click.Choice(["all", "confusable"]),
        help=f"The pairs for one-to-one texts: all, which is what up to {SMALL} classes get; or, of each "
        "class, the nearest others by the texts that WordNet has.",
    ),
    click.option(
        "--images",
        multiple=True,
        metavar="PATH",
        help="Unlabelled images; the pairs are then those that they confuse.",
    ),
    click.option(
        "--neighbours",
        type=click.IntRange(min=1),
        help=f"How many others count as confusable with a class; {NEIGHBOURS}, if not said.",
    ),
    click.option(
        "--pairs-out",
        type=click.Path(path_type=Path),
        help="The bank of one-to-one texts; beside --out as FILE.pairs.json, if not said.",
    ),
)


def pairs_of(order: Order, encoder: Encoder, options: PairOptions) -> list[tuple[str, str]]:
    """Return the pairs to ask about.

    Args:
        order: the classes; WordNet's texts about them tell which lie near, so that nobody is paid for it.
        encoder: what encodes the texts and the images.
        options: which ones are wanted.

    Raises:
        InvalidInputError: images were named, but there are none.
    """
    from clipcoder.bank.confusable import confused_pairs, nearest_pairs

    if options.takes_all(len(order.names)):
        return list(combinations(order.names, 2))
    bank = order.known_offline(encoder)
    neighbours = options.neighbours or NEIGHBOURS
    if not options.images:
        return nearest_pairs(bank, encoder, neighbours=neighbours)
    return confused_pairs(_scores(bank, encoder, options.images), order.names, per_class=neighbours)


def _scores(bank: TextBank, encoder: Encoder, images: Sequence[str]) -> FloatArray:
    """Return the scores, (n, C), of the images that can be read; others are named."""
    import numpy as np

    from clipcoder.encoders.ahead import encode_ahead
    from clipcoder.errors import UnreadableImageError
    from clipcoder.zero_shot import equidistant_scores

    found = sources.collect(images, sys.stdin)
    rows = []
    for _, outcome in progress(encode_ahead(encoder, found), len(found), "looking for confusions"):
        if isinstance(outcome, UnreadableImageError):
            tell(str(outcome))
        else:
            rows.append(outcome)
    if not rows:
        raise InvalidInputError("none of the --images can be read; name others, or leave --images out")
    texts = encoder.encode_texts([t.text for t in bank.texts])
    return equidistant_scores(
        np.stack(rows), texts, bank.text_class, bank.text_kind, n_classes=len(bank.class_names)
    )
