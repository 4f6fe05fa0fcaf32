from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from clipcoder.generators.wordnet.data import WordNet

SCRIPT = Path(__file__).parents[3] / "tools" / "build_wordnet.py"

DATA = """\
  1 Princeton says: do as you like
  2 but keep this notice.
00000100 03 n 01 entity 0 001 ~ 00000200 n 0000 | that which is
00000200 05 n 02 cat 0 Felis_catus 0 004 @ 00000100 n 0000 %p 00000400 n 0000 ~i 00000300 n 0000 \
+ 00000900 v 0101 | an animal; a cat has whiskers; "the cat sat"
00000300 05 n 01 Felix 0 001 @i 00000200 n 0000 | a cat: "Felix the Cat"
00000400 08 n 01 tail 1 001 #p 00000200 n 0000 | the hind part of a cat
00000500 06 n 01 cat 1 001 @ 00000100 n 0000 | a whip
"""
INDEX = """\
  1 notice
cat n 2 3 @ ~ %p 2 1 00000200 00000500
entity n 1 1 ~ 1 0 00000100
felis_catus n 1 1 @ 1 0 00000200
felix n 1 1 @ 1 0 00000300
tail n 1 1 #p 1 1 00000400
"""
COUNTS = "cat%1:05:00:: 1 18\ntail%1:08:01:: 1 3\ncat%2:29:00:: 1 9\n"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_wordnet", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "dict"
    folder.mkdir()
    files = {"data.noun": DATA, "index.noun": INDEX, "cntlist.rev": COUNTS, "noun.exc": "catten cat\n"}
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def test_a_small_dictionary_survives_the_round_trip(script: ModuleType, source: Path, tmp_path: Path) -> None:
    script.build(source, tmp_path)
    with (tmp_path / "nouns.npz").open("rb") as file:
        wordnet = WordNet(file)
    cat = wordnet.by_wnid("n00000200")
    assert cat is not None
    assert cat.lemmas == ("cat", "Felis catus")
    assert (cat.gloss, cat.lexname) == ("an animal; a cat has whiskers", "animal")
    assert (cat.tags, cat.mentions) == (18, 3)
    assert [wordnet.synset(row).lemmas[0] for row in cat.hypernyms] == ["entity"]
    assert [wordnet.synset(row).lemmas[0] for row in cat.parts] == ["tail"]
    assert [wordnet.synset(row).is_instance for row in wordnet.hyponyms(cat.row)] == [True]
    assert [sense.rank for sense in wordnet.senses("cat")] == [1, 2]
    assert wordnet.senses("catten") == wordnet.senses("cat")
    assert [wordnet.synset(sense.synset).mentions for sense in wordnet.senses("cat")] == [3, 0]


def test_the_notice_loses_its_line_numbers(script: ModuleType, source: Path, tmp_path: Path) -> None:
    script.build(source, tmp_path)
    notice = (tmp_path / "LICENSE").read_text()
    assert notice == "Princeton says: do as you like\nbut keep this notice.\n"


def test_the_same_dictionary_makes_the_same_bytes(script: ModuleType, source: Path, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        script.build(source, tmp_path / folder)
    assert (tmp_path / "one" / "nouns.npz").read_bytes() == (tmp_path / "two" / "nouns.npz").read_bytes()


def test_the_command_line_takes_two_folders(
    script: ModuleType, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["build_wordnet.py", str(source), str(tmp_path / "out")])
    script.main()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["LICENSE", "nouns.npz"]
