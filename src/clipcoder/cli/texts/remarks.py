"""What generators said that was left out or looks odd, and why: listed for whoever reads a bank."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clipcoder.cli.inputs import tell

if TYPE_CHECKING:
    from clipcoder.generators.base import Question, Remark, Reply

SHOWN: Final = 20
"""How many are told one by one; ``--remarks`` writes all of them."""


def tell_remarks(remarks: Sequence[Remark], failures: Sequence[Reply], listed: Path | None) -> None:
    """Say on standard error what was left out or looks odd, and which questions have no answer.

    Args:
        remarks: on snippets.
        failures: replies without an answer.
        listed: the file that has all of it, if there is one.
    """
    for reply in failures[:SHOWN]:
        tell(f"no {_about(reply.question)}: {reply.failure}")
    for remark in remarks[:SHOWN]:
        what = "left out of" if remark.dropped else "look at"
        tell(f"{what} {_about(remark.question)}: {remark.snippet!r}: {remark.reason}")
    unseen = len(remarks[SHOWN:]) + len(failures[SHOWN:])
    if unseen:
        dropped = Counter(remark.dropped for remark in remarks)
        tell(
            f"and {unseen} more: {dropped[True]} left out in all, {dropped[False]} to look at, "
            f"{len(failures)} without an answer; {listed or '--remarks FILE.json'} lists them"
        )


def write_remarks(remarks: Sequence[Remark], failures: Sequence[Reply], target: Path) -> None:
    """Write all of it as JSON, one remark a line."""
    rows = [_row(reply.question, None, reply.failure, dropped=True) for reply in failures]
    rows += [_row(r.question, r.snippet, r.reason, dropped=r.dropped) for r in remarks]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    target.write_text(f"[\n{lines}\n]\n" if rows else "[]\n", encoding="utf-8")


def _about(question: Question) -> str:
    other = f" and {question.other!r}" if question.other else ""
    return f"{question.kind.replace('_', '-')} of {question.class_name!r}{other}"


def _row(question: Question, snippet: str | None, reason: str, *, dropped: bool) -> dict[str, object]:
    return {
        "class": question.class_name,
        "other": question.other or None,
        "kind": question.kind,
        "snippet": snippet,
        "reason": reason,
        "dropped": dropped,
    }
