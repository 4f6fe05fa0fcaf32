"""From texts to the token ids of a text tower, as ``tokenizer.json`` and open_clip's ``config.json`` say.

The ids are those of open_clip's own tokenizers: texts are mended by ftfy, HTML entities are read twice,
blanks are joined, and then each model's own cleaning is done. One thing is left out on purpose: a text that
spells out CLIP's end token, which open_clip would take for the end of the text, is tokenised as the words it
is.
"""

from __future__ import annotations

import html
import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, normalizers

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
        masked: whether the tower takes a mask, which CLIP's own does not: exports of multilingual text towers
            come with the configuration of the CLIP that they were taught by, and a vocabulary of their own.

    Raises:
        InvalidInputError: the tokenizer cannot be loaded, or it is not said how to clean or pad a text.
    """

    def __init__(self, folder: Path, text_config: JsonFile, length: int, *, masked: bool = False) -> None:
        is_clip = "hf_tokenizer_name" not in text_config.values and not masked
        options = _options(text_config)
        self.length = length
        self._clean = _cleaning(options, default="lower" if is_clip else "whitespace")
        self._tokenizer = _load(folder / "tokenizer.json", length, needs_end=is_clip)
        self._dropped = _separator(self._tokenizer, folder) if options.values.get("strip_sep_token") else None
        if is_clip:
            self._tokenizer.normalizer = normalizers.Sequence([])  # texts come clean already
            self._tokenizer.encode_special_tokens = True  # as words, if a text spells them out
        pad = CLIP_PAD if is_clip else _padding(self._tokenizer, folder)
        self._tokenizer.enable_padding(length=length, pad_id=pad)
        self._tokenizer.enable_truncation(max_length=length)

    def __call__(self, texts: Sequence[str]) -> tuple[IdArray, IdArray]:
        """Return token ids and a mask (1 token, 0 padding), int64 of shape (n, length) each."""
        encoded = self._tokenizer.encode_batch([self._clean(text) for text in texts])
        shape = (len(texts), self.length)
        ids = np.array([e.ids for e in encoded], dtype=np.int64).reshape(shape)
        mask = np.array([e.attention_mask for e in encoded], dtype=np.int64).reshape(shape)
        if self._dropped is not None:
            ids[ids == self._dropped] = 0
        return ids, mask


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


def _options(text_config: JsonFile) -> JsonFile:
    """Return what the tokenizer is told to do besides, all of which can be done."""
    options = text_config.value("tokenizer_kwargs", lambda v: isinstance(v, dict), "an object", default={})
    asked = {**options, "tokenizer_mode": text_config.values.get("tokenizer_mode")}
    unknown = [key for key, value in asked.items() if key not in _OPTIONS and value]
    if unknown:
        raise InvalidInputError(
            f"'tokenizer_kwargs' in '{text_config.path}' asks for {' and '.join(unknown)}, but only "
            f"{' and '.join(map(repr, _OPTIONS))} can be done; choose a model that needs no more"
        )
    return JsonFile(text_config.path, options)


def _cleaning(options: JsonFile, *, default: str) -> Callable[[str], str]:
    """Return what is done to a text before the tokenizer gets it."""
    choices = f"one of {', '.join(_CLEANINGS)}"
    clean = options.value("clean", lambda v: isinstance(v, str) and v in _CLEANINGS, choices, default=default)
    last = _CLEANINGS[clean]
    return lambda text: last(_mended(text))


def _mended(text: str) -> str:
    """Undo what careless programs do to texts: wrong encodings, and HTML entities, even those of entities."""
    import ftfy

    return html.unescape(html.unescape(ftfy.fix_text(text)))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _canonical(text: str) -> str:
    return _one_line(text.translate(_NO_PUNCTUATION).lower())


_OPTIONS: Final = ("clean", "strip_sep_token")
_CLEANINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "whitespace": _one_line,
    "lower": lambda text: _one_line(text).lower(),
    "canonicalize": _canonical,  # SigLIP
}


def _padding(tokenizer: Tokenizer, folder: Path) -> int:
    """Return the id that shorter texts are filled up with."""
    if tokenizer.padding is not None:
        return int(tokenizer.padding["pad_id"])
    pad = _named_token("pad_token", tokenizer, folder)
    if pad is None:
        raise InvalidInputError(
            f"neither 'tokenizer.json' nor 'tokenizer_config.json' in '{folder}' names the padding; add the "
            "model's pad_token to tokenizer_config.json"
        )
    return pad


def _separator(tokenizer: Tokenizer, folder: Path) -> int:
    """Return the id of the token that ends a text and that some models were trained without."""
    separator = _named_token("sep_token", tokenizer, folder)
    if separator is None:
        raise InvalidInputError(
            f"'tokenizer_config.json' in '{folder}' must name the sep_token, which config.json wants "
            "stripped; get the file of the model itself"
        )
    return separator


def _named_token(role: str, tokenizer: Tokenizer, folder: Path) -> int | None:
    """Return the id of the token that the settings of a tokenizer give a role, None if they do not."""
    path = folder / "tokenizer_config.json"
    token: Any = JsonFile.read(path).values.get(role) if path.is_file() else None
    token = token.get("content") if isinstance(token, dict) else token
    return tokenizer.token_to_id(token) if isinstance(token, str) else None
