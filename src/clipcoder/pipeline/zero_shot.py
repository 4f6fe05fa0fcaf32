"""The classifier that needs no labels: encodes images, scores them against the texts of a bank, says why."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from functools import cached_property
from typing import Self

import numpy as np

from clipcoder.arrays import FloatArray
from clipcoder.bank import PairBank, TextBank
from clipcoder.calibration import default_calibration
from clipcoder.encoded import EncodedPairs, EncodedTexts, Method, check_bank, check_encoder, check_pairs
from clipcoder.encoders.ahead import encode_ahead
from clipcoder.encoders.base import Encoder, ImageInput
from clipcoder.encoders.inputs import check_batch_size
from clipcoder.errors import InvalidInputError, UnreadableImageError
from clipcoder.explanation import Explanation
from clipcoder.pipeline import explaining
from clipcoder.pipeline.close_calls import GAP, MaxGap, Protocol, check_rule
from clipcoder.pipeline.confusions import Knowledge
from clipcoder.pipeline.image_classifier import ImageClassifier
from clipcoder.pipeline.metrics import Metrics
from clipcoder.pipeline.outcomes import Judgement
from clipcoder.rerank import CLOSE_SHARE, Reranking, gap_of_share, reranking, softmax_gaps


class ZeroShotClassifier(ImageClassifier):
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
        max_gap: an image is reranked where its two best classes are less than this apart, as probabilities
            at the encoder's default temperature, which ``calibrate`` does not change, so that it changes no
            prediction; ``"auto"`` leaves it to ``fit_gap``, which learns it from unlabelled images.
        protocol: ``"reference"`` decides close calls as published, for a comparison: the gap is that of the
            softmax of the scores as they are, and a missing pair votes 0. That only images whose label is
            among the best classes are reranked, as in the published program, is left to whoever has the
            labels; a classifier sees none (``rerank.rerank_as_published``).
        unknown_below: an image whose best probability is below this is ``"unknown"``; None answers always,
            until ``calibrate`` learns a threshold from an error rate.
        batch_size: images that are encoded at a time, by default as many as suit the encoder; changes memory
            and speed only.

    Attributes:
        classes_: the class names, array of strings of shape (C,), in the order of the bank.
        max_gap_: the gap that is used, stated or learned; None before ``fit_gap``.
        calibration_: what makes probabilities of scores, cosines times 100: a default for the encoder
            (``calibration.defaults``), or what ``calibrate`` learned.
        temperature_: the calibration's: what scores are divided by before the softmax, where their spread is
            typical.

    Raises:
        InvalidInputError: the encoder lacks a member, there are fewer than two classes, a class has no text
            for the method, a pair names a class that the bank does not have, ``max_gap`` or ``unknown_below``
            is none, a class is called ``"unknown"`` beside ``unknown_below``, or the reference's protocol is
            asked for with another method than ``"coder"`` or a learned gap.
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
        array(['sky'], dtype='<U6')
    """

    def __init__(
        self,
        encoder: Encoder,
        bank: TextBank,
        *,
        method: Method = "equidistant",
        pairs: PairBank | None = None,
        top_k: int = 5,
        max_gap: MaxGap = GAP,
        protocol: Protocol = "strict",
        unknown_below: float | None = None,
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
        self.unknown_below = unknown_below
        self.batch_size = batch_size
        self.classes_ = np.array(bank.class_names)
        self.max_gap_ = None if max_gap == "auto" else float(max_gap)
        self.calibration_ = default_calibration(
            encoder.name,
            method,
            logit_scale=encoder.logit_scale,
            logit_bias=getattr(encoder, "logit_bias", None),
        )
        self._gap_temperature = 1.0 if protocol == "reference" else self.calibration_.temperature
        self.abstain_below(unknown_below)
        self.metrics_ = Metrics()

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
                softmax_gaps(self._texts.head.scores(row[None]), self._gap_temperature)[0]
                for _, row in outcomes
                if not isinstance(row, UnreadableImageError)
            ]
        self.max_gap_ = gap_of_share(gaps, share)
        return self

    @cached_property
    def _texts(self) -> EncodedTexts:
        return EncodedTexts.encode(self.encoder, self.bank, self.method)

    @cached_property
    def _pairs(self) -> EncodedPairs | None:
        return EncodedPairs.encode(self.encoder, self.pairs, self.bank) if self.pairs is not None else None

    def _judge(self, features: FloatArray) -> Judgement:
        """Score by the texts; choose the best score, or what the rerank makes of a close call."""
        scores = self._texts.head.scores(features)
        result = self._rerank(features, scores)
        return Judgement(scores, scores.argmax(axis=1) if result is None else result.chosen, result)

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
            temperature=self._gap_temperature,
            missing_votes_0=self.protocol == "reference",
        )

    def _explain(self, feature: FloatArray, scores: FloatArray, label: int, top: int) -> Explanation:
        return explaining.zero_shot(self._texts, self._pairs, feature, scores, label, top)

    def _knowledge(self) -> Knowledge:
        return Knowledge(self.classes_.tolist(), self.encoder, self._texts, self._pairs, reranks=True)
