"""Answers that have been paid for, one JSON file each, so that no question is paid for twice.

A file is named by a digest of all that an answer depends on, says in plain words what was asked and what
came, and is whole or not there at all. Any number of processes may share the folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from clipcoder.errors import LanguageModelError
from clipcoder.files import remove_abandoned, system_reason, whole_file
from clipcoder.generators.llm.completion import FINISHES, Completion
from clipcoder.paths import cache_folder

FOLDER: Final = "answers"

_FORMAT: Final = {"format": "clipcoder/answer", "version": 1}
_BYTES: Final = 8192
"""An answer takes two blocks of most disks at most, its question included."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """All that an answer depends on; not the key, and not what the endpoint is able to.

    Attributes:
        endpoint: scheme, host, port and path.
        model: the model, as its endpoint calls it.
        prompt: the question.
        temperature: None where the endpoint chooses.
        max_answer_tokens: the longest answer that was allowed.
    """

    endpoint: str
    model: str
    prompt: str
    temperature: float | None
    max_answer_tokens: int

    @property
    def digest(self) -> str:
        """64 hex digits that no other question shares."""
        return _digest(asdict(self))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said, and when.

    Attributes:
        completion: the answer.
        date: the day in UTC, as ``YYYY-MM-DD``.
    """

    completion: Completion
    date: str


class Answers:
    """The answers in one folder, ``answers`` in the cache folder.

    >>> Answers(Path("no-such-folder")).find(Asked("https://api.openai.com/v1", "m", "a cat?", None, 100))
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder() / FOLDER

    def prepare(self, count: int) -> None:
        """See to it that so many answers can be kept, before the first one is paid for.

        Raises:
            LanguageModelError: the folder cannot be written to, or the disk is full.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            remove_abandoned(self.folder)
            trial = self.folder / "trial"
            with whole_file(trial) as file:
                file.write(b" " * _BYTES)
            trial.unlink(missing_ok=True)
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise self._unkept(system_reason(error)) from error
        if free < count * _BYTES:
            raise self._unkept(f"{count:,} answers need {count * _BYTES:,} bytes and {free:,} are free")

    def find(self, asked: Asked) -> Answer | None:
        """Return the answer to a question; None where there is none, or none that is sound."""
        path = self._path(asked)
        try:
            return _read(json.loads(path.read_bytes()), asked)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError, TypeError, KeyError) as error:
            reason = system_reason(error) if isinstance(error, OSError) else "it is damaged"
            log.warning("the answer in %s cannot be used (%s) and is asked for anew", path, reason)
            return None

    def keep(self, asked: Asked, answer: Answer) -> None:
        """Write an answer; when this returns, it is on the disk.

        Raises:
            LanguageModelError: it cannot be written.
        """
        content = asdict(asked) | {"date": answer.date} | _said(answer.completion)
        document = {**_FORMAT, **content, "digest": _digest(content)}
        try:
            with whole_file(self._path(asked)) as file:
                file.write(json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n")
        except OSError as error:
            raise self._unkept(system_reason(error)) from error

    def _path(self, asked: Asked) -> Path:
        return self.folder / f"{asked.digest}.json"

    def _unkept(self, reason: str) -> LanguageModelError:
        return LanguageModelError(
            f"answers cannot be kept in '{self.folder}' ({reason}), so nothing more is asked; make room "
            "there, or name another folder in the environment variable CLIPCODER_CACHE"
        )


def answer_files(folder: Path | None = None) -> list[Path]:
    """Return the files of all answers; what is being written at the moment is not among them."""
    return sorted((folder or cache_folder() / FOLDER).glob("[!.]*.json"))


def _said(completion: Completion) -> dict[str, Any]:
    fields = asdict(completion)
    return {"answer": fields["text"]} | {k: fields[k] for k in ("finish", "prompt_tokens", "answer_tokens")}


def _read(document: Mapping[str, Any], asked: Asked) -> Answer:
    """Return the answer in a document, if it is whole and one to that question.

    Raises:
        ValueError: it is not; so are ``KeyError`` and ``TypeError`` to be understood.
    """
    content = {name: document[name] for name in document if name not in (*_FORMAT, "digest")}
    same = {name: document[name] for name in _FORMAT} == _FORMAT and document["digest"] == _digest(content)
    if not same or any(content[name] != value for name, value in asdict(asked).items()):
        raise ValueError("another document")
    completion = Completion(
        content["answer"], content["finish"], content["prompt_tokens"], content["answer_tokens"]
    )
    if not isinstance(completion.text, str) or completion.finish not in FINISHES:
        raise ValueError("no answer")
    return Answer(completion, str(content["date"]))


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
