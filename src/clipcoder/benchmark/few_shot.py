"""Few-shot methods of a benchmark: fitted to the features of a draw, and to nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clipcoder.adapters.names import FewShotMethod
from clipcoder.arrays import FloatArray
from clipcoder.benchmark.answers import Judge
from clipcoder.benchmark.features import Labelled
from clipcoder.encoded import EncodedTexts
from clipcoder.encoders.base import Encoder
from clipcoder.errors import InvalidInputError
from clipcoder.pipeline.few_shot import FewShotClassifier


@dataclass(frozen=True, eq=False)
class Learned:
    """What came of fitting a method: what judges, and the settings that it chose on its draw."""

    judge: Judge
    chosen: Mapping[str, float]


def learn(encoder: Encoder, texts: EncodedTexts, drawn: Labelled, method: FewShotMethod) -> Learned:
    """Fit a method to the labelled images of a draw.

    Args:
        encoder: whose features they are; its name says how sure scores of texts are.
        texts: the texts of the classes, encoded.
        drawn: the draw; all settings are chosen on it.
        method: a key of ``pipeline.few_shot``.

    Raises:
        InvalidInputError: no image of the draw could be read, or the method cannot learn from them.
    """
    if not len(drawn.labels):
        raise InvalidInputError("none of the drawn images can be read, so that nothing is learned")
    names = np.array(texts.bank.class_names)
    classifier = FewShotClassifier(encoder, texts, method=method, texts=texts.method)
    with (
        warnings.catch_warnings()
    ):  # of scikit-learn: few labels of many classes look like a regression to it
        warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
        classifier.fit(drawn.features, names[drawn.labels])
    place = np.argsort(np.argsort(names))  # of each class among the sorted ones, which a classifier has

    def judge(features: FloatArray) -> FloatArray:
        probabilities: FloatArray = classifier.predict_proba(features)  # type: ignore[arg-type]  # not images
        return probabilities[:, place]

    return Learned(judge, dict(classifier.fitted_.settings))
