"""Classifiers in folders: a document and banks in JSON, numbers as safetensors; nothing that can be run.

    pets.clipcoder/
      classifier.json     what it is, how it was made, how good it was (``assets/schemas/classifier.json``)
      head.safetensors    the features of its texts, and what it learned from images
      bank.json           its texts, a bank like any other
      pairs.json          its one-to-one texts, if it has any

The folder is written whole or not at all, and read only if it is as it was written. What predicts is kept,
not made again: a loaded classifier says bit for bit what the saved one did.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from clipcoder.calibration import Calibration
from clipcoder.encoders.base import Encoder
from clipcoder.errors import ClipcoderError, InvalidInputError, MissingExtraError, ModelUnavailableError
from clipcoder.files import whole_file
from clipcoder.pipeline.calibrated import check_unknown
from clipcoder.pipeline.few_shot import FewShotClassifier
from clipcoder.pipeline.image_classifier import ImageClassifier
from clipcoder.pipeline.saved import few_shot, zero_shot
from clipcoder.pipeline.saved.arrays import Arrays, from_bytes, to_bytes
from clipcoder.pipeline.saved.document import SavedFolder, write_document
from clipcoder.pipeline.saved.made_with import PROBE, MadeWith, probe_features
from clipcoder.pipeline.saved.measures import metrics_to_json, read_metrics
from clipcoder.pipeline.saved.parts import Parts, Stored, plain_classes
from clipcoder.pipeline.saved.place import BANK, HEAD, PAIRS, check_place, stamp, whole_folder
from clipcoder.pipeline.zero_shot import ZeroShotClassifier

__all__ = ["SavedFacts", "check_place", "load_classifier", "save", "saved_facts"]

Classifier = ZeroShotClassifier | FewShotClassifier

_KINDS: Final[Mapping[str, Callable[[Stored], Classifier]]] = {
    zero_shot.KIND: zero_shot.put_together,
    few_shot.KIND: few_shot.put_together,
}


def save(classifier: ImageClassifier, path: str | os.PathLike[str], *, example_names: bool = False) -> None:
    """Write a classifier into a folder; ``save`` of classifiers comes here.

    Args:
        classifier: one that can predict; its texts are encoded if that was not done yet.
        path: the folder. A classifier that is there already is replaced once the new one is complete.
        example_names: keep what to call the labelled images that vote, if there are any.

    Raises:
        InvalidInputError: the place cannot be written to or holds something else, or the classifier has not
            been fitted or holds what is no plain value.
    """
    place = Path(path)
    parts = _taken_apart(classifier, example_names)
    made_with = None if parts.encoder is None else MadeWith.of(parts.encoder)
    arrays = dict(parts.arrays)
    if parts.encoder is not None and made_with is not None and made_with.probe is not None:
        arrays |= probe_features(parts.encoder)
    facts = {
        "kind": parts.kind,
        "encoder": None if made_with is None else made_with.to_json(),
        "classes": plain_classes(classifier.classes_),
        **parts.facts,
        "calibration": classifier.calibration_.to_json(),
        "metrics": metrics_to_json(classifier.metrics_),
    }
    with whole_folder(place) as folder:
        with whole_file(folder / HEAD) as file:
            file.write(to_bytes(arrays))
        if parts.bank is not None:
            parts.bank.save(folder / BANK)
        if parts.pairs is not None:
            parts.pairs.save(folder / PAIRS)
        write_document(folder, facts)


def load_classifier(path: str | os.PathLike[str], encoder: Encoder | None = None) -> Classifier:
    """Return the classifier that ``save`` or ``clipcoder fit`` wrote into a folder.

    It predicts bit for bit what the saved one did, on the machine that saved it; elsewhere up to rounding.

    Args:
        path: the folder.
        encoder: the encoder that it was made with; None opens the one of that name.

    Raises:
        InvalidInputError: there is no classifier, it is damaged, incomplete or of a newer version, or it was
            made with another encoder.
        ModelUnavailableError: the encoder cannot be fetched.
        MissingExtraError: the encoder needs a package that is not installed.

    Example:
        >>> import tempfile
        >>> from clipcoder import FewShotClassifier
        >>> clf = FewShotClassifier().fit([[1, 0], [0, 1]], ["tomato", "sky"])
        >>> clf.save(folder := Path(tempfile.mkdtemp()) / "colours.clipcoder")
        >>> load_classifier(folder).predict([[3, 1]])
        array(['tomato'], dtype='<U6')
    """
    place = Path(path)
    while True:
        before = stamp(place)
        try:
            return _loaded(SavedFolder.open(place), encoder)
        except InvalidInputError:
            if stamp(place) == before:  # otherwise another process has replaced it, half of the way
                raise


@dataclass(frozen=True)
class SavedFacts:
    """What a saved classifier says of itself, without being loaded.

    Attributes:
        classes: the class names.
        encoder: the encoder that it was made with; None if it was made from features.
    """

    classes: Sequence[str | int | float]
    encoder: MadeWith | None


def saved_facts(path: str | os.PathLike[str]) -> SavedFacts:
    """Return what is to be known of a saved classifier before its encoder is opened.

    Raises:
        InvalidInputError: there is no classifier, or it is damaged or of a newer version.
    """
    saved = SavedFolder.open(Path(path))
    return SavedFacts(saved.classes(), saved.made_with())


def _taken_apart(classifier: ImageClassifier, example_names: bool) -> Parts:
    if isinstance(classifier, FewShotClassifier):
        return few_shot.take_apart(classifier, example_names=example_names)
    if isinstance(classifier, ZeroShotClassifier):
        return zero_shot.take_apart(classifier)
    raise InvalidInputError(
        f"a ZeroShotClassifier or FewShotClassifier can be saved, not a {type(classifier).__name__}"
    )


def _loaded(saved: SavedFolder, encoder: Encoder | None) -> Classifier:
    try:
        return _put_together(saved, encoder)
    except (ModelUnavailableError, MissingExtraError):
        raise
    except ClipcoderError as error:
        if str(saved.path) in str(error):
            raise
        raise InvalidInputError(f"'{saved.path}' makes no classifier: {error}") from error


def _put_together(saved: SavedFolder, encoder: Encoder | None) -> Classifier:
    document, where = saved.document, f"'{saved.path / HEAD}'"
    kind = document.value("kind", lambda v: v in list(_KINDS), f"one of {', '.join(_KINDS)}")
    calibration = Calibration.from_json(document.values.get("calibration"))
    arrays = from_bytes(saved.read(HEAD), where)
    probe = {name: arrays.pop(name) for name in PROBE if name in arrays}
    opened = _encoder(saved, encoder, probe)
    classes = saved.classes()
    classifier = _KINDS[kind](Stored(document, classes, opened, saved.bank(), saved.pairs(), arrays, where))
    classifier.classes_ = np.array(classes)
    classifier.calibration_ = _checked(calibration, classifier.classes_)
    classifier.metrics_ = read_metrics(document.section("metrics"))
    return classifier


def _checked(calibration: Calibration, classes: npt.NDArray[Any]) -> Calibration:
    check_unknown(calibration.unknown_below, classes)
    if calibration.conformal is not None:
        calibration.conformal.check_classes(len(classes))
    return calibration


def _encoder(saved: SavedFolder, encoder: Encoder | None, probe: Arrays) -> Encoder | None:
    made_with = saved.made_with()
    if made_with is None:
        if encoder is not None:
            raise InvalidInputError(
                f"'{saved.path}' was made from features, without an encoder, but {encoder.name!r} came; "
                "leave it out"
            )
        return None
    opened = made_with.opened(saved.path) if encoder is None else encoder
    made_with.check(opened, probe, saved.path)
    return opened
