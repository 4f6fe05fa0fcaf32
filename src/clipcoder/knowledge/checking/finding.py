"""What a gate found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend.

    Attributes:
        what: what is the matter, in a few words.
        phrase: the text that it is about; ``""`` where it is about no single one.
        class_name: the class, or ``"class ~ other"``, or ``"*"`` for all of a data set.

    >>> print(Finding("praise ('beautiful')", "beautiful bird", "owl"))
    owl: praise ('beautiful'): 'beautiful bird'
    """

    what: str
    phrase: str = ""
    class_name: str = "*"

    def __str__(self) -> str:
        return f"{self.class_name}: {self.what}" + (f": {self.phrase!r}" if self.phrase else "")
