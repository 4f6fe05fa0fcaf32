"""Where the classifier of ``clipcoder classify`` comes from: class names and texts, or a saved one.

Each opener checks what it was given at once, and returns what makes the classifier when its turn has come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click
from click.core import ParameterSource

from clipcoder.cli.close_calls import PACK, STATED, MaxGap, Pairs, check_used, learn_gap
from clipcoder.cli.encoder_options import EncoderChoice
from clipcoder.cli.inputs import (
    check_choice,
    chosen_from,
    class_names,
    packed_pairs,
    read_bank,
    read_pairs,
    write_bank,
)
from clipcoder.cli.sources import Source
from clipcoder.errors import InvalidInputError, UnknownNameError

if TYPE_CHECKING:
    from clipcoder.pipeline.image_classifier import ImageClassifier

Opener = Callable[[Sequence[Source]], "ImageClassifier"]
"""Makes a classifier; the images that it is for may teach it what a close call is."""

_BROUGHT: Final = ("classes", "classes_file", "texts", "pairs", "max_gap", "method")


@dataclass(frozen=True)
class FromTexts:
    """What the options say of class names and their texts."""

    classes: str | None
    classes_file: Path | None
    texts: Path | None
    pairs: Pairs | None
    max_gap: MaxGap | None
    method: Literal["equidistant", "coder", "clip"]

    def opener(self, choice: EncoderChoice, top: int) -> Opener:
        """Return what makes a zero-shot classifier.

        Raises:
            InvalidInputError: options that make no sense, or a bank that cannot be read.
        """
        given = read_bank(self.texts) if self.texts else None
        check_used(self.max_gap, self.pairs)
        names = class_names(self.classes, self.classes_file, given)
        check_choice(names, top)
        chosen = chosen_from(given, names) if given else None
        read = read_pairs(self.pairs, names) if isinstance(self.pairs, Path) else None

        def made(found: Sequence[Source]) -> ImageClassifier:
            from clipcoder.pipeline import ZeroShotClassifier

            encoder = choice.open()
            bank = chosen or write_bank(names, encoder, self.method)
            differences = packed_pairs(names, encoder) if self.pairs == PACK else read
            gap = STATED if self.max_gap is None else self.max_gap
            classifier = ZeroShotClassifier(encoder, bank, method=self.method, pairs=differences, max_gap=gap)
            if gap == "auto" and differences is not None:
                learn_gap(classifier, found)
            return classifier

        return made


def saved_opener(path: Path, choice: EncoderChoice, top: int) -> Opener:
    """Return what loads a saved classifier with the encoder that it was made with.

    Raises:
        InvalidInputError: there is none, or options that it brings itself are given beside it.
    """
    from clipcoder.pipeline.saved import load_classifier, saved_facts

    context = click.get_current_context()
    for option in context.command.params:
        if option.name in _BROUGHT and _is_given(context, option.name):
            raise InvalidInputError(
                f"--classifier brings its own classes, texts and method, so {option.opts[0]} has no say "
                "beside it; leave one of them out"
            )
    facts = saved_facts(path)
    if facts.encoder is None:
        raise InvalidInputError(
            f"'{path}' was made from features, without an encoder, so it classifies features only; "
            "name another one"
        )
    check_choice([str(name) for name in facts.classes], top)
    own = replace(
        choice,
        model=choice.model or facts.encoder.name,
        precision=choice.precision
        if _is_given(context, "precision")
        else facts.encoder.precision or "float32",
    )

    def loaded(_: Sequence[Source]) -> ImageClassifier:
        try:
            encoder = own.open()
        except UnknownNameError as error:
            if choice.model:
                raise
            raise InvalidInputError(
                f"'{path}' was made with the encoder {own.model!r}, which is no --model; "
                "hand that to load_classifier in Python"
            ) from error
        classifier = load_classifier(path, encoder)
        classifier.classes_ = classifier.classes_.astype(
            str
        )  # labels of a classifier without texts may be numbers
        return classifier

    return loaded


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is not ParameterSource.DEFAULT
