"""Fit the shared space: where texts and images meet, given what is known of the anchors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clipcoder.encoders.starter.text_space import TextSpace, relative_code, side_by_side, unit
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
        group_texts: one text vector for each group of classes, such as birds, shape (g, t).
        members: which classes a group has, boolean of shape (g, c).
        photo_texts: one text vector for each captioned photo, shape (p, t).
        photo_features: their features, shape (p, f).
    """

    class_texts: FloatArray
    class_features: FloatArray
    classifier: Classifier
    group_texts: FloatArray
    members: npt.NDArray[np.bool_]
    photo_texts: FloatArray
    photo_features: FloatArray

    def without(self, classes: Indices, photos: Indices) -> Anchors:
        """Return the anchors that remain when some classes and photos are held out, groups of one dropped."""
        c = np.setdiff1d(np.arange(len(self.class_texts)), classes)
        p = np.setdiff1d(np.arange(len(self.photo_texts)), photos)
        groups = self.members[:, c].sum(axis=1) > 1
        return Anchors(
            self.class_texts[c],
            self.class_features[c],
            Classifier(self.classifier.weights[c], self.classifier.bias[c]),
            self.group_texts[groups],
            self.members[groups][:, c],
            self.photo_texts[p],
            self.photo_features[p],
        )


@dataclass(frozen=True)
class ImageSpace:
    """The map from image features to the shared space; see ``__call__``, which the ONNX graph repeats."""

    classifier: Classifier
    temperature: float
    relative_basis: FloatArray
    """Orthonormal columns, shape (c, r), shared with the text side."""
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
    centre, text_centre = anchors.class_features.mean(axis=0), anchors.class_texts.mean(axis=0)
    texts = unit(np.vstack([anchors.class_texts, anchors.group_texts, anchors.photo_texts]) - text_centre)
    similarities = texts @ texts.T
    directions = _leading_eigenvectors(
        np.vstack([anchors.class_features, anchors.photo_features]) - centre, settings.feature_dim
    )
    shares = _shares(anchors.members, settings.group_power)
    basis = _relative_basis(anchors, similarities, shares, settings)
    regression = _regression(anchors, similarities, centre, settings) @ directions
    image = ImageSpace(anchors.classifier, settings.temperature, basis, centre, directions, settings.mix)
    text = TextSpace(
        text_centre, texts, shares @ basis, regression,
        keep=settings.keep, power=settings.power, sharpness=settings.sharpness, mix=settings.mix,
    )  # fmt: skip
    return image, text


def _shares(members: npt.NDArray[np.bool_], power: float) -> FloatArray:
    """Return how an anchor counts for each class, (c + g, c): a class for itself, a group for its members.

    With power 1 a group has the weight of one class, shared out; with 0 each member has it.
    """
    sizes = members.sum(axis=1, keepdims=True)
    return np.vstack([np.eye(members.shape[1]), members / sizes**power]).astype(np.float32)


def _relative_basis(
    anchors: Anchors, similarities: FloatArray, shares: FloatArray, settings: Settings
) -> FloatArray:
    """Return the directions that hold most of the relative codes of known images and texts, (c, r)."""
    n = len(shares)
    features = np.vstack([anchors.class_features, anchors.photo_features])
    images = unit(class_probabilities(features, anchors.classifier, settings.temperature))
    texts = unit(relative_code(similarities[:n, :n], settings.keep, settings.power) @ shares)
    return _leading_eigenvectors(np.vstack([images, texts]), settings.relative_dim)


def _leading_eigenvectors(rows: FloatArray, count: int) -> FloatArray:
    """Return the ``count`` directions in which rows are longest, as columns, with signs of their own."""
    vectors = np.linalg.eigh((rows.T @ rows).astype(np.float64))[1][:, ::-1][:, :count]
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return (vectors * np.sign(largest)).astype(np.float32)


def _regression(
    anchors: Anchors, similarities: FloatArray, centre: FloatArray, settings: Settings
) -> FloatArray:
    """Return the dual weights (n_anchors, f) of a kernel ridge regression from texts to image features.

    A class's target is its row of the classifier, which a thousand photos made; a group's is the mean of its
    members', and a captioned photo's its own features, all brought to a length that fits.
    """
    classes = anchors.classifier.weights - anchors.classifier.weights.mean(axis=0)
    groups = anchors.members.astype(np.float32) @ classes
    photos = anchors.photo_features - centre
    length = np.linalg.norm(classes, axis=1).mean()
    targets = np.vstack(
        [classes, _of_length(groups, length), settings.photo_weight * _of_mean_length(photos, length)]
    )
    ridge = np.repeat(
        [settings.ridge, settings.group_ridge, settings.photo_ridge], [len(classes), len(groups), len(photos)]
    )
    kernel = np.exp(settings.sharpness * (similarities.astype(np.float64) - 1))
    solution: FloatArray = np.linalg.solve(kernel + np.diag(ridge), targets).astype(np.float32)
    return solution


def _of_length(rows: FloatArray, length: float) -> FloatArray:
    return length * unit(rows)


def _of_mean_length(rows: FloatArray, length: float) -> FloatArray:
    scaled: FloatArray = rows * (length / np.linalg.norm(rows, axis=1).mean())
    return scaled
