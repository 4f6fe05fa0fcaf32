"""Held-out ImageNet classes and Flickr captions: all that the starter's settings were chosen by.

Ten folds. In each, a tenth of the classes and of the captioned photos is unknown to the shared space, and
- ``held-out``: photos of the 100 unknown classes are told apart by their names;
- ``+ definition``: the same, each name joined by its WordNet definition, as neighbour texts would do;
- ``mixed``: 100 unknown and 100 known classes in one set, the known ones under another name if there is one;
- ``category``: photos of unknown classes are sorted into categories such as birds or furniture;
- ``caption``: an unknown caption finds its photo among 100.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from training.alignment import Anchors, fit
from training.settings import Settings

FloatArray = npt.NDArray[np.float32]
FOLDS: Final = 10
MEASURES: Final = ("held-out", "+ definition", "mixed", "category", "caption")


@dataclass(frozen=True)
class Queries:
    """Text vectors to look up: three for each class, those of captions, and those of categories.

    ``caption_photo`` tells the photo of each caption, ``members`` the classes of each category: boolean of
    shape (n_categories, n_classes).
    """

    names: FloatArray
    other_names: FloatArray
    definitions: FloatArray
    captions: FloatArray
    caption_photo: npt.NDArray[np.intp]
    categories: FloatArray
    members: npt.NDArray[np.bool_]


def validate(anchors: Anchors, queries: Queries, settings: Settings) -> dict[str, float]:
    """Return the four measures, each an accuracy in [0, 1] over all folds."""
    shuffle = np.random.default_rng(0)
    n_classes, n_photos = len(anchors.class_texts), len(anchors.photo_texts)
    folds = np.array_split(shuffle.permutation(n_classes), FOLDS)
    companions = [
        shuffle.choice(np.setdiff1d(np.arange(n_classes), fold), len(fold), replace=False) for fold in folds
    ]
    photo_folds = np.array_split(shuffle.permutation(n_photos), FOLDS)
    hits: dict[str, list[npt.NDArray[np.bool_]]] = {measure: [] for measure in MEASURES}
    for unknown, known, photos in zip(folds, companions, photo_folds, strict=True):
        image, text = fit(anchors.without(unknown, photos), settings)
        seen = image(anchors.class_features[unknown])
        names = text(queries.names[unknown])
        hits["held-out"].append(_top1(seen, names))
        hits["+ definition"].append(_top1(seen, names + text(queries.definitions[unknown])))
        mixed = image(anchors.class_features[np.r_[unknown, known]])
        hits["mixed"].append(_top1(mixed, np.vstack([names, text(queries.other_names[known])])))
        sorted_out = unknown[queries.members[:, unknown].any(axis=0)]
        category = (image(anchors.class_features[sorted_out]) @ text(queries.categories).T).argmax(axis=1)
        hits["category"].append(queries.members[category, sorted_out])
        captions = np.isin(queries.caption_photo, photos)
        found = text(queries.captions[captions]) @ image(anchors.photo_features[photos]).T
        hits["caption"].append(photos[found.argmax(axis=1)] == queries.caption_photo[captions])
    return {measure: float(np.concatenate(found).mean()) for measure, found in hits.items()}


def held_out_logit_scale(anchors: Anchors, queries: Queries, settings: Settings) -> float:
    """Return the logit scale under which the names of unknown classes are likeliest for their photos."""
    folds = np.array_split(np.random.default_rng(0).permutation(len(anchors.class_texts)), FOLDS)
    cosines = []
    for unknown in folds:
        image, text = fit(anchors.without(unknown, np.array([], dtype=np.intp)), settings)
        cosines.append(image(anchors.class_features[unknown]) @ text(queries.names[unknown]).T)
    scales = np.geomspace(2, 100, 60)
    return float(scales[np.argmin([np.mean([_log_loss(scale * c) for c in cosines]) for scale in scales])])


def _log_loss(logits: FloatArray) -> float:
    top = logits.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0] - np.diag(logits)))


def _top1(images: FloatArray, texts: FloatArray) -> npt.NDArray[np.bool_]:
    return (images @ texts.T).argmax(axis=1) == np.arange(len(images))
