"""From texts to the token ids of a text tower, as ``tokenizer.json`` and open_clip's ``config.json`` say."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from clipcoder.encoders.json_file import JsonFile
from clipcoder.errors import InvalidInputError

IdArray = npt.NDArray[np.int64]

CLIP_LENGTH: Final = 77
CLIP_PAD: Final = 0

_NO_PUNCTUATION = str.maketrans("_", " ", string.punctuation.replace("_", ""))


class TextTokens:
    """Cuts texts into token ids, all of one length: longer ones lose their end, but not the end token.

    CLIP's own vocabulary is padded with 0, as by OpenAI: its tower reads the feature off at the end token,
    which has the highest id, and looks at nothing behind it. Every other one is padded as the folder says.

    Args:
        folder: holds ``tokenizer.json`` and, where that names no padding, ``tokenizer_config.json``.
        text_config: the ``text_cfg`` of open_clip's ``config.json``.
        length: tokens of a text.

    Raises:
        InvalidInputError: the tokenizer cannot be loaded, or it is not said how to clean or pad a text.
    """

    def __init__(self, folder: Path, text_config: JsonFile, length: int) -> None:
        is_clip = "hf_tokenizer_name" not in text_config.values
        self.length = length
        self._clean = _cleaning(text_config)
        self._tokenizer = _load(folder / "tokenizer.json", length, needs_end=is_clip)
        pad = CLIP_PAD if is_clip else _padding(self._tokenizer, folder)
        self._tokenizer.enable_padding(length=length, pad_id=pad)
        self._tokenizer.enable_truncation(max_length=length)

    def __call__(self, texts: Sequence[str]) -> tuple[IdArray, IdArray]:
        """Return token ids and a mask (1 token, 0 padding), int64 of shape (n, length) each."""
        encoded = self._tokenizer.encode_batch([self._clean(text) for text in texts])
        shape = (len(texts), self.length)
        ids = np.array([e.ids for e in encoded], dtype=np.int64).reshape(shape)
        return ids, np.array([e.attention_mask for e in encoded], dtype=np.int64).reshape(shape)


def _load(path: Path, length: int, *, needs_end: bool) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        reason = " ".join(str(error).split())
        raise InvalidInputError(
            f"'{path}' is no tokenizer that can be loaded ({reason}); get the file again"
        ) from error
    added = tokenizer.num_special_tokens_to_add(is_pair=False)
    if added >= length:
        raise InvalidInputError(
            f"'{path}' adds {added} tokens to a text, which leaves no room in the {length} that config.json "
            "allows; one of the two belongs to another model"
        )
    if needs_end and not added:
        raise InvalidInputError(
            f"'{path}' adds no end token to a text, but CLIP's tower reads the feature off there; get the "
            "file of the model itself"
        )
    return tokenizer


def _cleaning(text_config: JsonFile) -> Callable[[str], str]:
    """Return what is done to a text before the tokenizer gets it."""
    options = text_config.value("tokenizer_kwargs", lambda v: isinstance(v, dict), "an object", default={})
    unknown = [key for key, value in options.items() if key != "clean" and value]
    if unknown:
        raise InvalidInputError(
            f"'tokenizer_kwargs' in '{text_config.path}' asks for {' and '.join(unknown)}, but only 'clean' "
            "can be done; choose a model that needs no more"
        )
    choices = f"one of {', '.join(_CLEANINGS)}"
    clean = JsonFile(text_config.path, options).value(
        "clean", lambda v: isinstance(v, str) and v in _CLEANINGS, choices, default="whitespace"
    )
    return _CLEANINGS[clean]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _canonical(text: str) -> str:
    return _one_line(text.translate(_NO_PUNCTUATION).lower())


_CLEANINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "whitespace": _one_line,
    "lower": lambda text: _one_line(text).lower(),
    "canonicalize": _canonical,  # SigLIP
}


def _padding(tokenizer: Tokenizer, folder: Path) -> int:
    """Return the id that shorter texts are filled up with."""
    if tokenizer.padding is not None:
        return int(tokenizer.padding["pad_id"])
    path = folder / "tokenizer_config.json"
    token: Any = JsonFile.read(path).values.get("pad_token") if path.is_file() else None
    token = token.get("content") if isinstance(token, dict) else token
    pad = tokenizer.token_to_id(token) if isinstance(token, str) else None
    if pad is None:
        raise InvalidInputError(
            f"neither 'tokenizer.json' nor 'tokenizer_config.json' in '{folder}' names the padding; add the "
            "model's pad_token to tokenizer_config.json"
        )
    return pad
