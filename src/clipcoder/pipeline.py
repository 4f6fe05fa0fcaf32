"""From images to class names: an encoder, a bank of texts and a rule, in scikit-learn's manners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
from PIL import Image

from clipcoder.arrays import FloatArray, IntArray, batches, softmax, unit_rows
from clipcoder.bank import PairBank, TextBank
from clipcoder.decoding import WORKERS, decode_ahead
from clipcoder.encoded import EncodedPairs, EncodedTexts, Method, check_bank, check_pairs
from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.encoders.inputs import check_several, listed_images
from clipcoder.errors import InvalidInputError, UnreadableImageError
from clipcoder.explanation import Explanation, explain
from clipcoder.rerank import rerank

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
        check_bank(bank, method)
        if pairs is not None:
            check_pairs(pairs, bank)
        if not (isinstance(batch_size, int) and batch_size >= 1):
            raise InvalidInputError(f"batch_size must be a whole number of at least 1, got {batch_size}")
        self.encoder = encoder
        self.bank = bank
        self.method = method
        self.pairs = pairs
        self.top_k = top_k
        self.max_gap = max_gap
        self.batch_size = batch_size
        self.classes_ = np.array(bank.class_names)

    def predict(self, images: Sequence[ImageInput]) -> list[str]:
        """Return the class name of each image.

        Args:
            images: paths, bytes of image files or PIL images, n of them.

        Raises:
            UnreadableImageError: an image cannot be decoded; ``stream`` goes on instead.
            InvalidInputError: a single image instead of a list of them.
        """
        features = self._encode(images)
        chosen = self._choose(features, self._texts.head.scores(features))
        return [self.bank.class_names[c] for c in chosen]

    def predict_proba(self, images: Sequence[ImageInput]) -> FloatArray:
        """Return probabilities of shape (n, C), classes as in ``classes_``.

        They are the softmax of the encoder's logit scale times the scores as cosines. Where a rerank
        overrules the scores, its class and the one it overrules exchange their probabilities, so that the
        largest is always the prediction's.
        """
        features = self._encode(images)
        scores = self._texts.head.scores(features)
        return self._probabilities(scores, self._choose(features, scores))

    def decision_function(self, images: Sequence[ImageInput]) -> FloatArray:
        """Return heuristic scores of shape (n, C): mean cosines times 100, before a rerank (section 3.4).

        Arguments and errors are those of ``predict``.
        """
        return self._texts.head.scores(self._encode(images))

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

        Raises:
            InvalidInputError: a single image instead of a collection of them.
        """
        check_several(images)
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
    def _texts(self) -> EncodedTexts:
        return EncodedTexts.encode(self.encoder, self.bank, self.method)

    @cached_property
    def _pairs(self) -> EncodedPairs | None:
        return EncodedPairs.encode(self.encoder, self.pairs, self.bank) if self.pairs is not None else None

    def _encode(self, images: Sequence[ImageInput]) -> FloatArray:
        listed = listed_images(images)
        rows = [self._encode_batch(listed[b]) for b in batches(len(listed), self.batch_size)]
        return np.concatenate([np.empty((0, self.encoder.dim), np.float32), *rows])

    def _encode_batch(self, images: Sequence[ImageInput]) -> FloatArray:
        features = unit_rows(self.encoder.encode_images(images), "image features", dim=self.encoder.dim)
        if len(features) != len(images):
            raise InvalidInputError(
                f"encode_images must return a row for each image, but it made {len(features)} rows of "
                f"{len(images)} images"
            )
        return features

    def _choose(self, features: FloatArray, scores: FloatArray) -> IntArray:
        """Return the class index of each image: the best score, or what the rerank makes of a close call."""
        if self._pairs is None:
            best: IntArray = scores.argmax(axis=1)
            return best
        return rerank(features, scores, self._pairs.differences, top_k=self.top_k, max_gap=self.max_gap)

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
        scores = self._texts.head.scores(features)
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
        reranked = label != best
        if reranked and self._pairs is not None:
            names = self.bank.class_names[label], self.bank.class_names[best]
            own, other = self._pairs.side(feature, *names), self._pairs.side(feature, *names[::-1])
            if own is not None and other is not None:
                return explain(own, other, reranked=True)
        rival = best if reranked else second
        sides = (self._texts.side(feature, scores, c) for c in (label, rival))
        return explain(*sides, reranked=reranked)


def _check_encoder(encoder: Encoder) -> None:
    missing = [member for member in _ENCODER_MEMBERS if not hasattr(encoder, member)]
    if missing:
        raise InvalidInputError(
            f"an encoder must have {', '.join(_ENCODER_MEMBERS[:-1])} and {_ENCODER_MEMBERS[-1]}, but this "
            f"{type(encoder).__name__} lacks {' and '.join(missing)}; load_encoder gives a complete one"
        )
