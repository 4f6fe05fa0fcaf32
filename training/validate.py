"""Held-out ImageNet classes and Flickr captions: all that the starter's settings were chosen by.

Ten folds. In each, a tenth of the classes and of the captioned photos is unknown to the shared space, and
- ``held-out``: photos of the 100 unknown classes are told apart by their names;
- ``+ definition``: the same, each name joined by its WordNet definition, as neighbour texts would do;
- ``mixed``: 100 unknown and 100 known classes in one set, the known ones under another name if there is one;
- ``category``: photos of unknown classes are sorted into categories such as birds or furniture;
- ``caption``: an unknown caption finds its photo among 100.

    python -m training.validate            # the settings as they are
    python -m training.validate --sweep    # one setting at a time around them
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from training.alignment import Anchors, fit
from training.settings import Settings

FloatArray = npt.NDArray[np.float32]
FOLDS: Final = 10
MEASURES: Final = ("held-out", "+ definition", "mixed", "category", "caption")

_SWEEP: Final[dict[str, tuple[float, ...]]] = {
    "temperature": (1.5, 2.0, 3.0),
    "keep": (20, 50, 100),
    "power": (2.0, 3.0, 4.0),
    "sharpness": (2.0, 4.0, 6.0),
    "ridge": (0.1, 0.3, 1.0),
    "group_ridge": (0.3, 1.0, 3.0),
    "group_power": (0.5, 0.75, 1.0),
    "largest_group": (30, 100, 400),
    "photo_ridge": (0.5, 1.0, 3.0),
    "photo_weight": (0.25, 0.5, 1.0),
    "mix": (0.3, 0.5, 0.7),
    "relative_dim": (256, 384, 512),
    "feature_dim": (256, 384, 512),
}


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


def main(arguments: list[str] | None = None) -> None:
    # Imported here: the towers need torch, and the measures above do not.
    from training.steps import Workshop

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument(
        "--work", type=Path, default=Path("build/starter"), help="where finished steps are kept"
    )
    parser.add_argument(
        "--sweep", action="store_true", help="change one setting of the shared space at a time"
    )
    options = parser.parse_args(arguments)
    workshop = Workshop(options.data, options.work, Settings())
    anchors, queries = workshop.anchors(), workshop.queries()
    table = Table("settings", *MEASURES, "mean")

    def row(label: str, settings: Settings) -> None:
        measured = validate(anchors, queries, settings)
        figures = (*measured.values(), float(np.mean(list(measured.values()))))
        table.add_row(label, *(f"{figure:.3f}" for figure in figures))

    row("as they are", Settings())
    if options.sweep:
        for setting, values in _SWEEP.items():
            for value in values:
                if value != getattr(Settings(), setting):
                    row(f"{setting} {value:g}", replace(Settings(), **{setting: value}))
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
