"""The classifier: encodes images, scores them against the texts of a bank, and says why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import cached_property
from itertools import islice
from typing import Self

import numpy as np

from clipcoder.arrays import FloatArray, IntArray
from clipcoder.bank import PairBank, TextBank
from clipcoder.encoded import EncodedPairs, EncodedTexts, Method, check_bank, check_encoder, check_pairs
from clipcoder.encoders.ahead import batch_size_of, encode_ahead, encode_listed
from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.encoders.inputs import check_batch_size
from clipcoder.errors import InvalidInputError, UnreadableImageError
from clipcoder.explanation import Explanation, explain
from clipcoder.pipeline.close_calls import CloseCall, MaxGap, Protocol, check_rule, close_call
from clipcoder.pipeline.outcomes import Failure, Prediction
from clipcoder.pipeline.probabilities import exclusive, independent, logit_bias_of
from clipcoder.rerank import CLOSE_SHARE, Reranking, gap_of_share, reranking, softmax_gaps


class ZeroShotClassifier:
    """Classify images by their neighbour texts, without a labelled example (CODER, Yi et al., CVPR 2024).

    The texts are encoded once, when the first image comes.

    Args:
        encoder: puts images and texts into one space; any object with the five members of ``Encoder``.
        bank: the texts of each class, at least two classes.
        method: ``"equidistant"`` scores by all texts, with the prototypes of all classes at one distance from
            their mean (``zero_shot``); ``"coder"`` by all texts as published (section 3.4); ``"clip"`` by the
            texts of kind ``name`` alone.
        pairs: one-to-one texts; with them, close calls are decided by a rerank of the best classes (CODER*,
            stage 2).
        top_k: how many of the best classes a rerank compares.
        max_gap: an image is reranked where its two best classes are less than this apart, as softmax of the
            scores; ``"auto"`` leaves it to ``fit_gap``, which learns it from unlabelled images.
        protocol: ``"reference"`` decides close calls as published, for a comparison: a missing pair votes 0.
            That only images whose label is among the best classes are reranked, as in the published program,
            is left to whoever has the labels; a classifier sees none (``rerank.rerank_as_published``).
        batch_size: images that are encoded at a time, by default as many as suit the encoder; changes memory
            and speed only.

    Attributes:
        classes_: the class names, array of strings of shape (C,), in the order of the bank.
        max_gap_: the gap that is used, stated or learned; None before ``fit_gap``.

    Raises:
        InvalidInputError: the encoder lacks a member, there are fewer than two classes, a class has no text
            for the method, a pair names a class that the bank does not have, ``max_gap`` is none, or the
            reference's protocol is asked for with another method than ``"coder"`` or a learned gap.
        UnknownNameError: an unknown method or protocol.

    References:
        Chao Yi, Lu Ren, De-Chuan Zhan, Han-Jia Ye: Leveraging Cross-Modal Neighbor Representation for
        Improved CLIP Classification, CVPR 2024, arXiv 2404.17753.

    Example:
        >>> from PIL import Image
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
        method: Method = "equidistant",
        pairs: PairBank | None = None,
        top_k: int = 5,
        max_gap: MaxGap = 0.1,
        protocol: Protocol = "strict",
        batch_size: int | None = None,
    ) -> None:
        check_encoder(encoder)
        check_bank(bank, method)
        if pairs is not None:
            check_pairs(pairs, bank)
        check_rule(max_gap, protocol, method)
        if batch_size is not None:
            check_batch_size(batch_size)
        self.encoder = encoder
        self.bank = bank
        self.method = method
        self.pairs = pairs
        self.top_k = top_k
        self.max_gap = max_gap
        self.protocol = protocol
        self.batch_size = batch_size
        self.classes_ = np.array(bank.class_names)
        self.max_gap_ = None if max_gap == "auto" else float(max_gap)

    def fit_gap(self, images: Iterable[ImageInput], *, share: float = CLOSE_SHARE) -> Self:
        """Learn from unlabelled images below which gap a call is close: where a share of them lies.

        It is the share that the encoder is least sure of, so the gap suits the encoder and the classes; how
        large a share, see ``rerank.close_calls``. The gap then stays, whatever is classified.

        Args:
            images: a sample of what will be classified; what cannot be read is left out.
            share: the part of them that is to be reranked, above 0 and at most 1.

        Returns:
            The classifier itself, with ``max_gap_``.

        Raises:
            InvalidInputError: the gap was stated, a share out of range, or too few images for it.
        """
        if self.max_gap != "auto":
            raise InvalidInputError(
                f"fit_gap learns the gap of max_gap='auto', but max_gap={self.max_gap:g} was stated"
            )
        with closing(encode_ahead(self.encoder, images, batch_size=self.batch_size)) as outcomes:
            gaps = [
                softmax_gaps(self._texts.head.scores(row[None]))[0]
                for _, row in outcomes
                if not isinstance(row, UnreadableImageError)
            ]
        self.max_gap_ = gap_of_share(gaps, share)
        return self

    def predict(self, images: Sequence[ImageInput]) -> list[str]:
        """Return the class name of each image.

        Args:
            images: paths, bytes of image files or PIL images, n of them.

        Raises:
            UnreadableImageError: an image cannot be decoded; ``stream`` goes on instead.
            InvalidInputError: a single image instead of a list of them, or a gap that is not learned yet.
        """
        features = self._encode(images)
        chosen = self._choose(features, self._texts.head.scores(features))
        return [self.bank.class_names[c] for c in chosen]

    def predict_proba(self, images: Sequence[ImageInput], *, independent: bool = False) -> FloatArray:
        """Return probabilities of shape (n, C), classes as in ``classes_``.

        They are the softmax of the encoder's logit scale times the scores as cosines. Where a rerank
        overrules the scores, its class and the one it overrules exchange their probabilities, so that the
        largest is always the prediction's.

        Args:
            images: as in ``predict``.
            independent: an image may show several classes or none: instead of the softmax the sigmoid of
                logit scale times cosine plus logit bias, for an encoder that was trained so (SigLIP).

        Raises:
            InvalidInputError: independent probabilities of an encoder without a ``logit_bias``, or what
                ``predict`` raises.
        """
        bias = logit_bias_of(self.encoder) if independent else None
        features = self._encode(images)
        scores = self._texts.head.scores(features)
        return self._probabilities(scores, self._choose(features, scores), bias)

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
        features = self._encode([image])
        scores = self._texts.head.scores(features)
        return self._explain(features[0], scores[0], int(self._choose(features, scores)[0]))

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
        outcomes = encode_ahead(self.encoder, images, batch_size=self.batch_size)
        size = self.batch_size or batch_size_of(self.encoder)
        with closing(outcomes):
            while batch := list(islice(outcomes, size)):
                features = [row for _, row in batch if not isinstance(row, UnreadableImageError)]
                judged = self._judge(np.stack(features), top=max(top, 2)) if features else iter(())
                for source, outcome in batch:
                    if isinstance(outcome, UnreadableImageError):
                        yield Failure(source, outcome)
                    else:
                        yield Prediction(source, *next(judged))

    @cached_property
    def _texts(self) -> EncodedTexts:
        return EncodedTexts.encode(self.encoder, self.bank, self.method)

    @cached_property
    def _pairs(self) -> EncodedPairs | None:
        return EncodedPairs.encode(self.encoder, self.pairs, self.bank) if self.pairs is not None else None

    def _encode(self, images: Sequence[ImageInput]) -> FloatArray:
        return encode_listed(self.encoder, images, batch_size=self.batch_size)

    def _choose(self, features: FloatArray, scores: FloatArray) -> IntArray:
        """Return the class index of each image: the best score, or what the rerank makes of a close call."""
        result = self._rerank(features, scores)
        best: IntArray = scores.argmax(axis=1) if result is None else result.chosen
        return best

    def _rerank(self, features: FloatArray, scores: FloatArray) -> Reranking | None:
        if self._pairs is None:
            return None
        if self.max_gap_ is None:
            raise InvalidInputError(
                "max_gap='auto' is learned from unlabelled images: call fit_gap(images) first, "
                "or state a number"
            )
        return reranking(
            features,
            scores,
            self._pairs.differences,
            top_k=self.top_k,
            max_gap=self.max_gap_,
            missing_votes_0=self.protocol == "reference",
        )

    def _probabilities(
        self, scores: FloatArray, chosen: IntArray, logit_bias: float | None = None
    ) -> FloatArray:
        scale = self.encoder.logit_scale
        if logit_bias is None:
            return exclusive(scores, chosen, logit_scale=scale)
        return independent(scores, chosen, logit_scale=scale, logit_bias=logit_bias)

    def _judge(
        self, features: FloatArray, *, top: int
    ) -> Iterator[tuple[tuple[tuple[str, float], ...], Explanation, CloseCall | None]]:
        """Rank the classes of each image and explain the first: what a ``Prediction`` holds."""
        scores = self._texts.head.scores(features)
        result = self._rerank(features, scores)
        chosen = scores.argmax(axis=1) if result is None else result.chosen
        probabilities = self._probabilities(scores, chosen)
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
        names = self.bank.class_names
        for i in range(len(features)):
            yield (
                tuple((names[c], float(probabilities[i, c])) for c in order[i]),
                self._explain(features[i], scores[i], int(chosen[i])),
                None if result is None else close_call(result, i, names),
            )

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
