"""From images to class names: an encoder, a bank of texts and a rule, in scikit-learn's manners."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final, Literal, get_args

import numpy as np
from PIL import Image

from clipcoder.arrays import FloatArray, IntArray, feature_rows, softmax, unit_rows
from clipcoder.bank import PairBank, TextBank
from clipcoder.decoding import WORKERS, decode_ahead
from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.errors import InvalidInputError, UnknownNameError, UnreadableImageError
from clipcoder.explanation import Explanation, Side, explain
from clipcoder.kinds import NAMING_KINDS
from clipcoder.rerank import PairDifferences, rerank
from clipcoder.zero_shot import ZeroShotHead

Method = Literal["coder", "clip"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)

_ENCODER_MEMBERS = ("name", "dim", "logit_scale", "encode_images", "encode_texts")


@dataclass(frozen=True)
class Prediction:
    """What ``ZeroShotClassifier.stream`` says about an image.

    Attributes:
        source: the image as it was handed in.
        ranking: classes with their probabilities, best first; at least two.
        explanation: the neighbour texts that decided.
    """

    source: ImageInput
    ranking: tuple[tuple[str, float], ...]
    explanation: Explanation

    @property
    def label(self) -> str:
        """The predicted class."""
        return self.ranking[0][0]

    @property
    def probability(self) -> float:
        """The probability of the predicted class, in [0, 1]."""
        return self.ranking[0][1]


@dataclass(frozen=True)
class Failure:
    """An image that ``ZeroShotClassifier.stream`` could not read, and why."""

    source: ImageInput
    error: UnreadableImageError


class ZeroShotClassifier:
    """Classify images by their neighbour texts, without a labelled example (CODER, Yi et al., CVPR 2024).

    The texts are encoded once, when the first image comes.

    Args:
        encoder: puts images and texts into one space; any object with the five members of ``Encoder``.
        bank: the texts of each class, at least two classes.
        method: ``"coder"`` scores by all texts (section 3.4), ``"clip"`` by the texts of kind ``name`` alone.
        pairs: one-to-one texts; with them, close calls are decided by a rerank of the best classes (CODER*,
            stage 2).
        top_k: how many of the best classes a rerank compares.
        max_gap: an image is reranked where its two best classes are less than this apart, as softmax of the
            scores.
        batch_size: images that are encoded at a time; changes memory and speed only.

    Attributes:
        classes_: the class names, array of strings of shape (C,), in the order of the bank.

    Raises:
        InvalidInputError: the encoder lacks a member, there are fewer than two classes, a class has no text
            for the method, or a pair names a class that the bank does not have.
        UnknownNameError: an unknown method.

    References:
        Chao Yi, Lu Ren, De-Chuan Zhan, Han-Jia Ye: Leveraging Cross-Modal Neighbor Representation for
        Improved CLIP Classification, CVPR 2024, arXiv 2404.17753.

    Example:
        >>> from clipcoder import TextBank, ZeroShotClassifier, load_encoder
        >>> bank = TextBank.from_names(["tomato", "sky"])
        >>> clf = ZeroShotClassifier(load_encoder("starter"), bank)
        >>> clf.predict([Image.new("RGB", (64, 64), "skyblue")])
        ['sky']
    """

    def __init__(
        self,
        encoder: Encoder,
        bank: TextBank,
        *,
        method: Method = "coder",
        pairs: PairBank | None = None,
        top_k: int = 5,
        max_gap: float = 0.1,
        batch_size: int = 16,
    ) -> None:
        _check_encoder(encoder)
        if method not in METHODS:
            raise UnknownNameError("method", method, METHODS)
        _check_classes(bank, method)
        if batch_size < 1:
            raise InvalidInputError(f"batch_size must be at least 1, got {batch_size}")
        self.encoder = encoder
        self.bank = bank
        self.method = method
        self.pairs = pairs
        self.top_k = top_k
        self.max_gap = max_gap
        self.batch_size = batch_size
        self.classes_ = np.array(bank.class_names)
        self._pair_index = _pair_classes(pairs, bank) if pairs is not None else None

    def predict(self, images: Sequence[ImageInput]) -> list[str]:
        """Return the class name of each image.

        Args:
            images: paths, bytes of image files or PIL images, n of them.

        Raises:
            UnreadableImageError: an image cannot be decoded; ``stream`` goes on instead.
            InvalidInputError: a single image instead of a list of them.
        """
        features = self._encode(images)
        return self.classes_[self._choose(features, self._head.scores(features))].tolist()

    def predict_proba(self, images: Sequence[ImageInput]) -> FloatArray:
        """Return probabilities of shape (n, C), classes as in ``classes_``.

        They are the softmax of the encoder's logit scale times the scores as cosines. Where a rerank
        overrules the scores, its class and the one it overrules exchange their probabilities, so that the
        largest is always the prediction's.
        """
        features = self._encode(images)
        scores = self._head.scores(features)
        return self._probabilities(scores, self._choose(features, scores))

    def decision_function(self, images: Sequence[ImageInput]) -> FloatArray:
        """Return heuristic scores of shape (n, C): mean cosines times 100, before a rerank (section 3.4).

        Arguments and errors are those of ``predict``.
        """
        return self._head.scores(self._encode(images))

    def explain(self, image: ImageInput) -> Explanation:
        """Return the texts that decided between the label of an image and its runner-up, strongest first.

        Raises:
            UnreadableImageError: the image cannot be decoded.
        """
        return self._judge(self._encode([image]), top=2)[0][1]

    def stream(self, images: Iterable[ImageInput], *, top: int = 5) -> Iterator[Prediction | Failure]:
        """Classify any number of images in bounded memory; threads decode ahead of the encoder.

        Args:
            images: paths, bytes of image files or PIL images; read only as fast as the results are taken.
            top: how many classes each prediction ranks, at least two.

        Yields:
            A prediction for each image, in their order, or a failure where it cannot be decoded; the rest
            goes on.
        """
        decoded = decode_ahead(images, ahead=self.batch_size + WORKERS)
        while batch := list(islice(decoded, self.batch_size)):
            readable = [image for _, image in batch if isinstance(image, Image.Image)]
            judged = iter(self._judge(self._encode(readable), top=max(top, 2)) if readable else ())
            for source, image in batch:
                if isinstance(image, UnreadableImageError):
                    yield Failure(source, image)
                else:
                    yield Prediction(source, *next(judged))

    @cached_property
    def _texts(self) -> FloatArray:
        return unit_rows(
            self.encoder.encode_texts([t.text for t in self.bank.texts]),
            "text features",
            dim=self.encoder.dim,
        )

    @cached_property
    def _head(self) -> ZeroShotHead:
        fold = ZeroShotHead.coder if self.method == "coder" else ZeroShotHead.clip
        return fold(self._texts, self.bank.text_class, self.bank.text_kind, n_classes=len(self.classes_))

    @cached_property
    def _pair_texts(self) -> FloatArray:
        assert self.pairs is not None
        return unit_rows(
            self.encoder.encode_texts([t.text for t in self.pairs.texts]),
            "text features",
            dim=self.encoder.dim,
        )

    @cached_property
    def _differences(self) -> PairDifferences:
        assert self._pair_index is not None
        return PairDifferences.from_texts(self._pair_texts, *self._pair_index, n_classes=len(self.classes_))

    def _encode(self, images: Sequence[ImageInput]) -> FloatArray:
        if isinstance(images, (str, bytes, os.PathLike, Image.Image)):
            raise InvalidInputError(
                "images must be a list of images, got a single one; put it into a list: [image]"
            )
        rows = [
            feature_rows(
                self.encoder.encode_images(images[start : start + self.batch_size]), "image features"
            )
            for start in range(0, len(images), self.batch_size)
        ]
        return np.concatenate([np.empty((0, self.encoder.dim), np.float32), *rows])

    def _choose(self, features: FloatArray, scores: FloatArray) -> IntArray:
        """Return the class index of each image: the best score, or what the rerank makes of a close call."""
        if self._pair_index is None:
            return scores.argmax(axis=1)
        return rerank(features, scores, self._differences, top_k=self.top_k, max_gap=self.max_gap)

    def _probabilities(self, scores: FloatArray, chosen: IntArray) -> FloatArray:
        probabilities = softmax(scores, temperature=100 / self.encoder.logit_scale)
        rows, best = np.arange(len(scores)), scores.argmax(axis=1)
        highest, taken = probabilities[rows, best], probabilities[rows, chosen]
        probabilities[rows, best], probabilities[rows, chosen] = taken, highest
        return probabilities

    def _judge(
        self, features: FloatArray, *, top: int
    ) -> list[tuple[tuple[tuple[str, float], ...], Explanation]]:
        """Rank the classes of each image and explain the first: what a ``Prediction`` holds."""
        scores = self._head.scores(features)
        chosen = self._choose(features, scores)
        probabilities = self._probabilities(scores, chosen)
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
        names = self.bank.class_names
        return [
            (
                tuple((names[c], float(probabilities[i, c])) for c in order[i]),
                self._explain(features[i], scores[i], int(chosen[i])),
            )
            for i in range(len(features))
        ]

    def _explain(self, feature: FloatArray, scores: FloatArray, label: int) -> Explanation:
        best, second = np.argsort(-scores, kind="stable")[:2].tolist()
        if label == best:
            return explain(self._side(feature, scores, best), self._side(feature, scores, second))
        own, other = self._pair_side(feature, label, best), self._pair_side(feature, best, label)
        if own is None or other is None:  # the rerank compared the two only by way of third classes
            return explain(
                self._side(feature, scores, label), self._side(feature, scores, best), reranked=True
            )
        return explain(own, other, reranked=True)

    def _side(self, feature: FloatArray, scores: FloatArray, label: int) -> Side:
        """Return the texts that make up the score of a class: of its names, only the one that counts."""
        rows = np.flatnonzero(self.bank.text_class == label)
        kinds = self.bank.text_kind[rows]
        similarities = self._texts[rows] @ feature
        if self.method == "clip":
            used = kinds == "name"
        else:
            naming = np.isin(kinds, NAMING_KINDS)
            used = ~naming
            if naming.any():
                used[np.where(naming, similarities, -np.inf).argmax()] = True
        texts = [(self.bank.texts[row].text, self.bank.texts[row].kind) for row in rows[used]]
        return Side(self.bank.class_names[label], texts, similarities[used], float(scores[label]))

    def _pair_side(self, feature: FloatArray, first: int, second: int) -> Side | None:
        """Return the one-to-one texts that say how the first class differs from the second, if any."""
        assert self.pairs is not None and self._pair_index is not None
        rows = np.flatnonzero((self._pair_index[0] == first) & (self._pair_index[1] == second))
        if not len(rows):
            return None
        texts = [(self.pairs.texts[row].text, "one_to_one") for row in rows]
        return Side(self.bank.class_names[first], texts, self._pair_texts[rows] @ feature)


def _check_encoder(encoder: Encoder) -> None:
    missing = [member for member in _ENCODER_MEMBERS if not hasattr(encoder, member)]
    if missing:
        raise InvalidInputError(
            f"an encoder must have {', '.join(_ENCODER_MEMBERS[:-1])} and {_ENCODER_MEMBERS[-1]}, but this "
            f"{type(encoder).__name__} lacks {' and '.join(missing)}; load_encoder gives a complete one"
        )


def _check_classes(bank: TextBank, method: Method) -> None:
    names = bank.class_names
    if len(names) < 2:
        raise InvalidInputError(
            f"a classifier needs at least 2 classes to choose from, but the bank has {len(names)} "
            f"({', '.join(map(repr, names))}); name what the images may show instead"
        )
    usable = bank.text_class if method == "coder" else bank.text_class[bank.text_kind == "name"]
    without = sorted(set(range(len(names))) - set(usable.tolist()))
    if without:
        needed = "text" if method == "coder" else "text of kind 'name'"
        raise InvalidInputError(
            f"every class needs at least one {needed}, but {names[without[0]]!r} has none in the bank "
            f"({len(without)} of {len(names)} classes); add one or drop the class"
        )


def _pair_classes(pairs: PairBank, bank: TextBank) -> tuple[IntArray, IntArray]:
    """Return the class indices (first, second) of each pair text, each of shape (p,)."""
    index = {name: i for i, name in enumerate(bank.class_names)}
    unknown = [n for t in pairs.texts for n in (t.class_name, t.other) if n not in index]
    if unknown:
        raise InvalidInputError(
            f"the pairs speak of the class {unknown[0]!r}, which the bank does not have; "
            "make both from the same names"
        )
    first = np.array([index[t.class_name] for t in pairs.texts], dtype=np.intp)
    return first, np.array([index[t.other] for t in pairs.texts], dtype=np.intp)
