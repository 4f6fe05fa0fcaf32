"""The control that every claim of gain is measured against: texts of the same form that know nothing.

WaffleCLIP (Roth et al., ICCV 2023, arXiv 2306.07282) found that random words after the class name can gain as
much as descriptions do, so a bank is worth what it gains over itself with its words replaced by random ones.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from clipcoder.bank.entries import BankText
from clipcoder.bank.text_bank import TextBank
from clipcoder.generators.names import readable
from clipcoder.kinds import DESCRIBING_KINDS
from clipcoder.source import Source

# The words of sentences that describe, whatever they describe.
_FRAME: Final = frozenset(
    """
    a an the of photo picture image which that this it its is are has have with and or in on at to for by
    from as like similar kind type
    """.split()  # noqa: SIM905, a list of these would be a page long
)
ENGLISH: Final = """
    ant arc bay cup dew elm fog gum hat ink jar key log map nut oar
    aunt barn clay dice echo fern gift hymn iris joke kite lamp menu noon
    angle blame cabin debts ember focus grief honey ivory jelly knock lunar
    anchor borrow candle decent engine fabric gentle hollow impose jargon kidney
    advance balance cabinet dentist element faculty general harmony inquiry journey
    aviation birthday calendar decision eloquent festival gratuity heritage interval
    ambiguous breakfast challenge democracy endurance frequency graduates hypocrisy
    accomplice background collection diplomatic enterprise foundation government hemisphere
    acquisition bureaucracy certificate declaration electricity forthcoming grandfather
    """.split()  # noqa: SIM905
"""Words of three to eleven letters that have nothing to do with each other."""
_BY_LENGTH: Final = {n: tuple(w for w in ENGLISH if len(w) == n) for n in range(3, 12)}
_WORD: Final = re.compile(r"[^\W\d_]+")


def random_words(bank: TextBank, seed: int) -> TextBank:
    """Return a bank whose describing texts say nothing: their content words are random ones of like length.

    Names, synonyms, the words of the class name and those that frame a sentence stay, so each class has as
    many texts of each kind, of the same form. Half of the texts get English words, the other half strings of
    letters. What a text becomes depends on the seed, its class and itself alone, not on the order of a bank.

    >>> bank = TextBank.from_texts({"cat": ["a photo of a cat, which has soft fur"]})
    >>> random_words(bank, seed=1).texts[0].text.startswith("a photo of a cat, which has ")
    True
    """
    taken = {entry.key for entry in bank.texts}
    return replace(bank, texts=tuple(_control(entry, seed, taken) for entry in bank.texts))


def _control(entry: BankText, seed: int, taken: set[tuple[str, ...]]) -> BankText:
    """Return the control of one text, unlike all that are taken; a naming text is its own."""
    if entry.kind not in DESCRIBING_KINDS:
        return entry
    drafts = (replace(entry, text=t, source=Source(f"random words {seed}")) for t in _drafts(entry, seed))
    control = next(draft for draft in drafts if draft.key not in taken)
    taken.add(control.key)
    return control


def _drafts(entry: BankText, seed: int) -> Iterator[str]:
    """Yield ever new sentences of the same form, each a word longer than the one before."""
    dice = random.Random(f"{seed}\n{entry.class_name}\n{entry.text}")
    invented = dice.choice((_english, _letters))
    kept = _FRAME | set(_WORD.findall(readable(entry.class_name).lower()))

    def replaced(word: re.Match[str]) -> str:
        return word.group() if word.group().lower() in kept else invented(len(word.group()), dice)

    text = entry.text
    while True:
        yield _WORD.sub(replaced, text)
        text += f" {invented(5, dice)}"


def _english(length: int, dice: random.Random) -> str:
    return dice.choice(_BY_LENGTH[min(max(length, 3), 11)])


def _letters(length: int, dice: random.Random) -> str:
    return "".join(dice.choices(string.ascii_lowercase, k=max(length, 3)))
