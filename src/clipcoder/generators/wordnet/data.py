"""WordNet 3.0's nouns from the package's own columns, without a network and without unpickling.

The file is made by ``tools/build_wordnet.py``, which says what each column holds. Synsets are put together
only when they are asked for. The data is Princeton University's; its licence lies beside it.
"""

from __future__ import annotations

import re
import zipfile
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import BinaryIO, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from clipcoder.errors import InvalidInputError
from clipcoder.generators.names import search_key, singulars
from clipcoder.generators.wordnet.columns import Groups, Lines

# fmt: off
_LEXNAMES: Final = (
    "Tops", "act", "animal", "artifact", "attribute", "body", "cognition", "communication", "event",
    "feeling", "food", "group", "location", "motive", "object", "person", "phenomenon", "plant", "possession",
    "process", "quantity", "relation", "shape", "state", "substance", "time",
)
# fmt: on
_FIRST_LEXFILE: Final = 3
_WNID = re.compile(r"n(\d{8})")


class Sense(NamedTuple):
    """One meaning of a looked-up word."""

    synset: int
    """Row of the synset, for ``WordNet.synset``."""
    rank: int
    """Place of this meaning among those of the word, 1 the most usual."""
    tags: int
    """How often running text was tagged with this meaning of the word; 0 for most."""


@dataclass(frozen=True, slots=True)
class Synset:
    """A concept: the words for it, its definition and its neighbours (by their rows)."""

    row: int
    wnid: str
    """``n`` and eight digits, as ImageNet names it."""
    lemmas: tuple[str, ...]
    """Words for it, most usual first, with spaces and in their own case: ``("tench", "Tinca tinca")``."""
    gloss: str
    lexname: str
    """Lexicographer file without ``noun.``: ``"animal"``, ``"artifact"``, ``"act"``, ..."""
    tags: int
    """How often running text was tagged with it under any of its words."""
    mentions: int
    """How often definitions use its first word; 0 where that word usually means something else."""
    is_instance: bool
    """A single thing such as the Eiffel Tower, not a kind of thing."""
    hypernyms: tuple[int, ...]
    """What it is a kind (or an instance) of."""
    parts: tuple[int, ...]
    members: tuple[int, ...]
    substances: tuple[int, ...]


class WordNet:
    """A read-only view of the noun columns.

    Args:
        file: an open ``nouns.npz``.

    Raises:
        InvalidInputError: the file is not what the build script writes.

    Example:
        >>> wordnet = load_wordnet()
        >>> [wordnet.synset(sense.synset).gloss for sense in wordnet.senses("gerenuks")]
        ['slender East African antelope with slim neck and backward-curving horns']
    """

    def __init__(self, file: BinaryIO) -> None:
        try:
            with np.load(file, allow_pickle=False) as archive:
                columns = {name: archive[name] for name in archive.files}
            self._offsets: npt.NDArray[np.int32] = columns["offsets"]
            self._lexfile: npt.NDArray[np.uint8] = columns["lexfile"]
            self._instance: npt.NDArray[np.bool_] = columns["instance"]
            self._tags: npt.NDArray[np.uint16] = columns["tags"]
            self._mentions: npt.NDArray[np.uint16] = columns["mentions"]
            self._rank: npt.NDArray[np.uint8] = columns["rank"]
            self._glosses = Lines(columns["glosses"])
            self._forms = Lines(columns["forms"])
            self._exceptions = columns["exceptions"].tobytes().decode()
            self._lemmas = Groups(columns["lemmas"], columns["lemmas_len"])
            self._relations = {
                name: Groups(self._targets(columns[name], columns[f"{name}_len"]), columns[f"{name}_len"])
                for name in ("hypernyms", "parts", "members", "substances")
            }
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise InvalidInputError(
                f"the WordNet file must be the nouns.npz of tools/build_wordnet.py, but reading it gave "
                f"{error!r}: build it again, or install the package again"
            ) from error
        self._made: dict[int, Synset] = {}

    @staticmethod
    def _targets(steps: npt.NDArray[np.int32], lengths: npt.NDArray[np.uint16]) -> npt.NDArray[np.int32]:
        own = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        return own - steps

    def __len__(self) -> int:
        return len(self._offsets)

    def synset(self, row: int) -> Synset:
        """Return the synset of a row in [0, len(self))."""
        if row not in self._made:
            relations = {name: groups[row] for name, groups in self._relations.items()}
            self._made[row] = Synset(
                row=row,
                wnid=f"n{self._offsets[row]:08d}",
                lemmas=tuple(self._forms[form].replace("_", " ") for form in self._lemmas[row]),
                gloss=self._glosses[row],
                lexname=_LEXNAMES[self._lexfile[row] - _FIRST_LEXFILE],
                tags=int(self._tags[self._lemmas.slice(row)].sum()),
                mentions=int(self._mentions[row]),
                is_instance=bool(self._instance[row]),
                **relations,
            )
        return self._made[row]

    def by_wnid(self, wnid: str) -> Synset | None:
        """Return the synset that ImageNet calls ``wnid``, or None.

        Example:
            >>> load_wordnet().by_wnid("n01440764").lemmas
            ('tench', 'Tinca tinca')
        """
        match = _WNID.fullmatch(wnid)
        if match is None:
            return None
        row = int(np.searchsorted(self._offsets, int(match[1])))
        return self.synset(row) if row < len(self) and self._offsets[row] == int(match[1]) else None

    def senses(self, word: str) -> list[Sense]:
        """Return the meanings of a word or compound, most usual first; an unknown word has none.

        Case, accents, spaces, hyphens and underscores do not matter; a plural finds its singular where the
        plural is no entry itself.

        Example:
            >>> wordnet = load_wordnet()
            >>> wordnet.senses("Tabby-Cats") == wordnet.senses("tabby cat") != []
            True
            >>> wordnet.senses("xyzzy")
            []
        """
        return next((found for found in map(self._entry, self._base_forms(word)) if found), [])

    def running_text(self) -> str:
        """Return all words and definitions, a line each, for those who want to know which words there are."""
        return f"{self._forms}\n{self._glosses}".replace("_", " ")

    def _base_forms(self, word: str) -> Iterator[str]:
        yield word
        *modifiers, head = word.lower().replace("_", " ").split() or [""]
        for singular in (*self._irregular.get(head, ()), *singulars(head)):
            yield " ".join((*modifiers, singular))

    def _entry(self, word: str) -> list[Sense]:
        """Return the senses of all spellings with the word's search key, its own spelling before others."""
        key = search_key(word)
        own = "_".join(word.lower().split())
        found = []
        form = bisect_left(self._forms, key, key=search_key) if key else len(self._forms)
        while form < len(self._forms) and search_key(spelling := self._forms[form]) == key:
            found += [(spelling.lower() != own, sense) for sense in self._senses_of_form(form)]
            form += 1
        ordered = sorted(found, key=lambda pair: (pair[0], pair[1].rank))
        return list({sense.synset: sense for _, sense in reversed(ordered)}.values())[::-1]

    def _senses_of_form(self, form: int) -> Iterator[Sense]:
        order, bounds = self._pairs_by_form
        for pair in order[bounds[form] : bounds[form + 1]]:
            yield Sense(int(self._synset_of_pair[pair]), int(self._rank[pair]), int(self._tags[pair]))

    def hyponyms(self, row: int) -> tuple[int, ...]:
        """Return the rows of the kinds (and instances) of a synset, in file order."""
        return self._hyponyms[row]

    def ancestors(self, row: int) -> dict[int, int]:
        """Return everything a synset is a kind of, with the number of steps up to it; nearest first.

        Example:
            >>> wordnet = load_wordnet()
            >>> gerenuk = wordnet.by_wnid("n02425532")
            >>> [wordnet.synset(up).lemmas[0] for up in wordnet.ancestors(gerenuk.row)][:3]
            ['antelope', 'bovid', 'ruminant']
        """
        steps: dict[int, int] = {}
        frontier, distance = self._relations["hypernyms"][row], 1
        while frontier:
            steps |= {up: distance for up in frontier if up not in steps}
            frontier = tuple(u for up in frontier for u in self._relations["hypernyms"][up] if u not in steps)
            distance += 1
        return steps

    @cached_property
    def _irregular(self) -> dict[str, list[str]]:
        rows = (line.split() for line in self._exceptions.splitlines())
        return {plural: singular for plural, *singular in rows}

    @cached_property
    def _synset_of_pair(self) -> npt.NDArray[np.int32]:
        return self._lemmas.owners

    @cached_property
    def _pairs_by_form(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        forms = self._lemmas.values
        order = np.argsort(forms, kind="stable")
        return order, np.searchsorted(forms[order], np.arange(len(self._forms) + 1))

    @cached_property
    def _hyponyms(self) -> Groups:
        up = self._relations["hypernyms"]
        order = np.argsort(up.values, kind="stable")
        return Groups(up.owners[order], np.bincount(up.values, minlength=len(self)))


@cache
def load_wordnet() -> WordNet:
    """Return the WordNet that ships in the package; it is read once in a process."""
    with (resources.files("clipcoder") / "assets" / "wordnet" / "nouns.npz").open("rb") as file:
        return WordNet(file)  # type: ignore[arg-type]
