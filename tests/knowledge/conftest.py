"""A small pack of three data sets, in which names mean several things."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_pack import Assets, entry, pair

from clipcoder.knowledge.pack import Pack


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    return Assets(tmp_path)


@pytest.fixture
def pack(assets: Assets) -> Pack:
    """Birds, machines with a crane of their own, and the land that eurosat sees."""
    assets.names("birds", ["crane", "jay", "Bohemian Waxwing"])
    birds = [
        entry("crane", "wading bird", analogues=["heron", "jay bird"]),
        entry("jay", "noisy songbird", synonyms=["Häher", "crow's cousin"]),
        entry("Bohemian Waxwing", "songbird with a crest", synonyms=["waxwing"]),
    ]
    assets.lines("birds.jsonl", birds)
    assets.lines("birds.pairs.jsonl", [pair("crane", "jay", ["long legs"], ["blue wings", "black bar"])])
    assets.names("machines", ["tower crane\tcrane_01", "crane lorry", "excavators", "bulldozer"])
    machines = [
        entry("tower crane", "machine on a building site", synonyms=["crane"]),
        entry("crane lorry", "truck with a crane", synonyms=["crane"]),
        entry("excavators", "machines that dig", synonyms=["digger"], analogues=["backhoe", "bulldozer"]),
    ]
    assets.lines("machines.jsonl", machines)
    assets.names("eurosat", ["river", "forest", "lake", "road"])
    assets.lines("eurosat.jsonl", [entry(name) for name in ("river", "forest", "lake", "road")])
    return assets.pack
