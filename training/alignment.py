"""Fit the shared space: where texts and images meet, given what is known of the anchors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clipcoder.encoders.text_space import TextSpace, relative_code, side_by_side, unit
from training.settings import Settings

FloatArray = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Classifier:
    """The layer trained with the image tower: weights (c, f) and bias (c,) of c ImageNet classes."""

    weights: FloatArray
    bias: FloatArray


@dataclass(frozen=True)
class Anchors:
    """Everything that both an image tower and a text tower know.

    Attributes:
        class_texts: one text vector for each ImageNet class, shape (c, t).
        class_features: features of one photo of each, shape (c, f).
        classifier: the weights (c, f) and bias (c,) that go with the image tower.
        photo_texts: one text vector for each captioned photo, shape (p, t).
        photo_features: their features, shape (p, f).
    """

    class_texts: FloatArray
    class_features: FloatArray
    classifier: Classifier
    photo_texts: FloatArray
    photo_features: FloatArray

    def without(self, classes: Indices, photos: Indices) -> Anchors:
        """Return the anchors that remain when some classes and photos are held out."""
        c = np.setdiff1d(np.arange(len(self.class_texts)), classes)
        p = np.setdiff1d(np.arange(len(self.photo_texts)), photos)
        return Anchors(
            self.class_texts[c],
            self.class_features[c],
            Classifier(self.classifier.weights[c], self.classifier.bias[c]),
            self.photo_texts[p],
            self.photo_features[p],
        )


@dataclass(frozen=True)
class ImageSpace:
    """The map from image features to the shared space; see ``__call__``, which the ONNX graph repeats."""

    classifier: Classifier
    temperature: float
    relative_basis: FloatArray
    """Shape (c, r), shared with the text side."""
    centre: FloatArray
    """Mean features, shape (f,)."""
    directions: FloatArray
    """Main directions of the features, shape (f, g)."""
    mix: float

    def __call__(self, features: FloatArray) -> FloatArray:
        """Carry features (n, f) into the shared space, float32 unit rows of shape (n, r + g)."""
        relative = (
            unit(class_probabilities(features, self.classifier, self.temperature)) @ self.relative_basis
        )
        return side_by_side(relative, (features - self.centre) @ self.directions, self.mix)


def class_probabilities(features: FloatArray, classifier: Classifier, temperature: float) -> FloatArray:
    logits = (features @ classifier.weights.T + classifier.bias) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def fit(anchors: Anchors, settings: Settings) -> tuple[ImageSpace, TextSpace]:
    """Fit both sides of the shared space."""
    text_centre = anchors.class_texts.mean(axis=0)
    texts = unit(np.vstack([anchors.class_texts, anchors.photo_texts]) - text_centre)
    similarities = texts @ texts.T
    basis = _relative_basis(anchors, similarities, settings)
    centre = anchors.class_features.mean(axis=0)
    directions = _main_directions(
        np.vstack([anchors.class_features, anchors.photo_features]) - centre, settings
    )
    regression = _regression(anchors, similarities, centre, settings) @ directions
    image = ImageSpace(anchors.classifier, settings.temperature, basis, centre, directions, settings.mix)
    text = TextSpace(
        text_centre, texts, basis, regression,
        keep=settings.keep, power=settings.power, sharpness=settings.sharpness, mix=settings.mix,
    )  # fmt: skip
    return image, text


def _relative_basis(anchors: Anchors, similarities: FloatArray, settings: Settings) -> FloatArray:
    """Return the directions that hold most of the relative codes of known images and texts."""
    n = len(anchors.class_texts)
    features = np.vstack([anchors.class_features, anchors.photo_features])
    images = unit(class_probabilities(features, anchors.classifier, settings.temperature))
    texts = unit(relative_code(similarities[:n, :n], settings.keep, settings.power))
    codes = np.vstack([images, texts])
    return _leading_eigenvectors(codes.T @ codes, settings.relative_dim)


def _main_directions(centred: FloatArray, settings: Settings) -> FloatArray:
    return _leading_eigenvectors(centred.T @ centred, settings.feature_dim)


def _leading_eigenvectors(symmetric: FloatArray, count: int) -> FloatArray:
    """Return at most ``count`` of them as columns, with signs that do not depend on the solver."""
    vectors = np.linalg.eigh(symmetric.astype(np.float64))[1][:, ::-1][:, :count]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return (vectors * np.sign(largest)).astype(np.float32)


def _regression(
    anchors: Anchors, similarities: FloatArray, centre: FloatArray, settings: Settings
) -> FloatArray:
    """Return the dual weights (n_anchors, f) of a kernel ridge regression from texts to image features.

    A class's target is its row of the classifier, which a thousand photos made; a captioned photo's is its
    own features, brought to a length that fits.
    """
    weights = anchors.classifier.weights
    classes = weights - weights.mean(axis=0)
    photos = anchors.photo_features - centre
    length = np.linalg.norm(classes, axis=1).mean() / np.linalg.norm(photos, axis=1).mean()
    targets = np.vstack([classes, settings.photo_weight * length * photos])
    ridge = np.repeat([settings.ridge, settings.photo_ridge], [len(classes), len(photos)])
    kernel = np.exp(settings.sharpness * (similarities.astype(np.float64) - 1))
    solution: FloatArray = np.linalg.solve(kernel + np.diag(ridge), targets).astype(np.float32)
    return solution
