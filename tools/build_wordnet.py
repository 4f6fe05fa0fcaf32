"""Make the package's WordNet data from the ``dict`` folder of a WordNet 3.0 distribution.

    python tools/build_wordnet.py /usr/share/wordnet src/clipcoder/assets/wordnet

Read are ``data.noun``, ``index.noun``, ``noun.exc`` and ``cntlist.rev`` (formats: wndb(5WN), cntlist(5WN)).
Debian's package ``wordnet-base`` has them in ``/usr/share/wordnet``. Version 3.0 is wanted, because its
offsets are ImageNet's WNIDs. Written are ``nouns.npz`` and ``LICENSE``; the same input makes the same bytes.

Columns of ``nouns.npz`` (n synsets in file order, m = sum of ``lemmas_len`` synset-lemma pairs):

    offsets        (n,) int32   byte offset in data.noun; as ``n%08d`` the WNID
    lexfile        (n,) uint8   lexicographer file: 3 noun.Tops ... 28 noun.time
    instance       (n,) bool    an instance (Mount Everest), not a kind
    glosses        bytes        definitions, one a line, without examples of use
    forms          bytes        distinct spellings, one a line, ordered by (search key, spelling)
    lemmas         (m,) int32   row in ``forms``
    rank           (m,) uint8   sense number of the lemma, 1 first
    tags           (m,) uint16  how often the semantic concordance tags the lemma with this sense
    mentions       (n,) uint16  how often definitions use the first lemma, if this is its first sense; else 0
    hypernyms, parts, members, substances   (k,) int32 each: own row minus target's row, grouped by synset
    *_len          (n,) uint8/uint16 each: how many of them a synset has
    exceptions     bytes        irregular plurals, ``plural singular...`` a line
"""

from __future__ import annotations

import argparse
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from clipcoder.generators.names import search_key

RELATIONS = {"hypernyms": ("@", "@i"), "parts": ("%p",), "members": ("%m",), "substances": ("%s",)}
LONGEST_MENTION = 3  # words
EXAMPLE_OF_USE = re.compile(r'[;,:]?\s*"')


@dataclass
class NounRecord:
    """One line of ``data.noun``."""

    offset: int
    lexfile: int
    lemmas: list[str]
    lex_ids: list[int]
    pointers: list[tuple[str, int]]
    gloss: str
    relations: dict[str, list[int]] = field(default_factory=dict)


def read_nouns(path: Path) -> Iterator[NounRecord]:
    """Yield the records of ``data.noun``; lines of the licence begin with two spaces."""
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("  "):
            yield parse_record(line)


def parse_record(line: str) -> NounRecord:
    """Take one line apart.

    Its form is ``offset lexfile type n_words (word lex_id)... n_pointers (symbol offset pos ends)... |
    gloss``.
    """
    head, _, gloss = line.partition("|")
    fields = head.split()
    n_words = int(fields[3], 16)
    words = fields[4 : 4 + 2 * n_words]
    rest = fields[5 + 2 * n_words :]
    pointers = [(rest[i], int(rest[i + 1])) for i in range(0, len(rest), 4) if rest[i + 2] == "n"]
    return NounRecord(
        offset=int(fields[0]),
        lexfile=int(fields[1]),
        lemmas=words[::2],
        lex_ids=[int(digit, 16) for digit in words[1::2]],
        pointers=pointers,
        gloss=EXAMPLE_OF_USE.split(gloss)[0].strip(" ;"),
    )


def read_ranks(path: Path) -> dict[tuple[str, int], int]:
    """Map (lower-case lemma, offset) to its sense number by the order of the offsets in ``index.noun``."""
    ranks = {}
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("  "):
            fields = line.split()
            for rank, offset in enumerate(fields[len(fields) - int(fields[2]) :], start=1):
                ranks[fields[0], int(offset)] = rank
    return ranks


def read_tags(path: Path) -> dict[str, int]:
    """Map sense keys (``lemma%1:lexfile:lexid::``) to tag counts."""
    rows = (line.split() for line in path.read_text("utf-8").splitlines())
    return {key: int(count) for key, _, count in rows if "%1:" in key}


def licence(path: Path) -> str:
    """Return Princeton's notice, which heads ``data.noun`` with numbered lines."""
    lines = (line for line in path.read_text("utf-8").splitlines() if line.startswith("  "))
    return "\n".join(re.sub(r"^ +\d+ ?", "", line).rstrip() for line in lines) + "\n"


def columns(folder: Path) -> dict[str, np.ndarray]:
    """Lay the dictionary out as the columns that the module's docstring lists."""
    records = list(read_nouns(folder / "data.noun"))
    ranks, tags = read_ranks(folder / "index.noun"), read_tags(folder / "cntlist.rev")
    forms = sorted({lemma for r in records for lemma in r.lemmas}, key=lambda form: (search_key(form), form))
    form_row = {form: row for row, form in enumerate(forms)}
    pairs = [(r, lemma, lex_id) for r in records for lemma, lex_id in zip(r.lemmas, r.lex_ids, strict=True)]
    keys = [f"{lemma.lower()}%1:{r.lexfile:02d}:{lex_id:02d}::" for r, lemma, lex_id in pairs]
    return {
        "offsets": np.array([r.offset for r in records], np.int32),
        "lexfile": np.array([r.lexfile for r in records], np.uint8),
        "instance": np.array([any(symbol == "@i" for symbol, _ in r.pointers) for r in records]),
        "glosses": text_column(r.gloss for r in records),
        "forms": text_column(forms),
        "lemmas": np.array([form_row[lemma] for _, lemma, _ in pairs], np.int32),
        "lemmas_len": np.array([len(r.lemmas) for r in records], np.uint8),
        "rank": np.array([ranks[lemma.lower(), r.offset] for r, lemma, _ in pairs], np.uint8),
        "tags": np.array([tags.get(key, 0) for key in keys], np.uint16),
        "mentions": mentions(records, ranks),
        "exceptions": text_column((folder / "noun.exc").read_text("utf-8").splitlines()),
        **relation_columns(records),
    }


def relation_columns(records: list[NounRecord]) -> dict[str, np.ndarray]:
    """Pointers as differences of rows (they are small, so they compress) and their number for each synset."""
    row_of = {record.offset: row for row, record in enumerate(records)}
    made: dict[str, np.ndarray] = {}
    for name, symbols in RELATIONS.items():
        targets = [[row_of[o] for symbol, o in r.pointers if symbol in symbols] for r in records]
        steps = [row - target for row, group in enumerate(targets) for target in group]
        made[name] = np.array(steps, np.int32)
        made[f"{name}_len"] = np.array([len(group) for group in targets], np.uint16)
    return made


def mentions(records: list[NounRecord], ranks: dict[tuple[str, int], int]) -> np.ndarray:
    """Count the first lemmas in all definitions: how common words are, where tagged text is scarce."""
    counts: Counter[str] = Counter()
    for record in records:
        words = re.findall(r"[a-z]+", record.gloss.lower())
        for length in range(1, LONGEST_MENTION + 1):
            counts.update("_".join(words[at : at + length]) for at in range(len(words) - length + 1))
    firsts = [(record.lemmas[0].lower(), record.offset) for record in records]
    used = [counts[lemma] if ranks[lemma, offset] == 1 else 0 for lemma, offset in firsts]
    return np.minimum(used, np.iinfo(np.uint16).max).astype(np.uint16)


def text_column(lines: Iterable[str]) -> np.ndarray:
    """Return lines as UTF-8 bytes, each ended by a newline."""
    return np.frombuffer("".join(f"{line}\n" for line in lines).encode(), np.uint8)


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write what ``numpy.savez_compressed`` would, but harder compressed and with fixed dates."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(arrays):
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as member:
                np.lib.format.write_array(member, np.ascontiguousarray(arrays[name]), allow_pickle=False)


def build(source: Path, target: Path) -> None:
    """Read the dictionary in ``source``, write ``nouns.npz`` and ``LICENSE`` into ``target``."""
    target.mkdir(parents=True, exist_ok=True)
    write_npz(target / "nouns.npz", columns(source))
    (target / "LICENSE").write_text(licence(source / "data.noun"), "utf-8")


def main() -> None:
    """Parse the two folders and build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "source", type=Path, help="the dict folder: data.noun, index.noun, noun.exc, cntlist.rev"
    )
    parser.add_argument("target", type=Path, help="where nouns.npz and LICENSE go")
    arguments = parser.parse_args()
    build(arguments.source, arguments.target)


if __name__ == "__main__":
    main()
