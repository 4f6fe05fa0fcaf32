from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from clipcoder.generators.wordnet.data import WordNet, load_wordnet

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("CLIPCODER_DATA", REPOSITORY.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def wordnet() -> WordNet:
    return load_wordnet()


@pytest.fixture(scope="session")
def imagenet_wnids() -> dict[str, list[str]]:
    """The names of the ImageNet classes with their true WNIDs; crane and maillot name two classes each."""
    photos = sorted((DATA / "imagenet-samples").glob("n*_*.jpg"))
    if not photos:
        pytest.skip("imagenet-samples is not there; CLIPCODER_DATA says where to look")
    wnids: dict[str, list[str]] = {}
    for photo in photos:
        wnid, _, name = photo.stem.partition("_")
        wnids.setdefault(name, []).append(wnid)
    return wnids


@pytest.fixture(scope="session")
def caltech_names() -> list[str]:
    split = DATA / "caltech-101" / "split_zhou_Caltech101.json"
    if not split.exists():
        pytest.skip("caltech-101 is not there; CLIPCODER_DATA says where to look")
    return sorted({name for _, _, name in json.loads(split.read_text())["test"]})
