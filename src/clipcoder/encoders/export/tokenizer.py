"""The tokenizer of a model of open_clip as ``tokenizer.json``, which works without torch and open_clip."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WORD_END: Final = "</w>"
_PIECES: Final = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"
"""How CLIP's tokenizer parts a text before it merges: contractions, words, single digits, runs of signs."""

_OS_ERROR: Final = re.compile(r"\(os error (\d+)\)$")
"""How the ``tokenizers`` library says, in an ``Exception`` of no kind, what the system said."""


def write_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write ``tokenizer.json`` and ``tokenizer_config.json`` of one of open_clip's tokenizers.

    Raises:
        InvalidInputError: the tokenizer has no such form.
        OSError: the disk is full, or fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if _is_clip(tokenizer):
        _write_clip(tokenizer, folder)
    else:
        _save_pretrained(tokenizer, folder)
    if not (folder / "tokenizer.json").is_file():
        raise InvalidInputError(
            f"the model's tokenizer, a {type(tokenizer.tokenizer).__name__}, cannot be written as "
            "tokenizer.json; choose a model with a fast tokenizer"
        )


def text_settings(tokenizer: Any, text_config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's ``text_cfg``, completed by what its tokenizer does to texts.

    Args:
        tokenizer: one of open_clip's.
        text_config: the ``text_cfg`` of open_clip's configuration.
    """
    settings = {**text_config, "context_length": tokenizer.context_length}
    settings.pop("hf_tokenizer_name", None)
    if not _is_clip(tokenizer):
        name = text_config.get("hf_tokenizer_name") or tokenizer.tokenizer.name_or_path
        settings["hf_tokenizer_name"] = name or "tokenizer.json"
    if type(tokenizer).__name__ == "SigLipTokenizer":  # which open_clip takes for its name alone
        settings["tokenizer_kwargs"] = {"clean": "canonicalize"}
    return settings


def clip_tokenizer(tokenizer: Any) -> Tokenizer:
    """Return the tokenizer of CLIP, which open_clip has in Python, as one of the ``tokenizers`` library.

    It lower-cases, and leaves further cleaning to its caller, as published files of CLIP's tokenizer do.

    Args:
        tokenizer: ``open_clip.tokenizer.SimpleTokenizer``: the ids and the merges are taken from it.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    merges = [(first, second) for first, second in tokenizer.bpe_ranks]
    made = Tokenizer(models.BPE(tokenizer.encoder, merges, end_of_word_suffix=_WORD_END))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    start, end = _start_and_end(tokenizer)
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in (start, end)])
    made.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        special_tokens=[(token, tokenizer.encoder[token]) for token in (start, end)],
    )
    return made


def _is_clip(tokenizer: Any) -> bool:
    """Whether it is open_clip's ``SimpleTokenizer``, CLIP's own."""
    return hasattr(tokenizer, "bpe_ranks")


def _write_clip(tokenizer: Any, folder: Path) -> None:
    start, end = _start_and_end(tokenizer)
    settings = {
        "bos_token": start,
        "eos_token": end,
        "pad_token": tokenizer.decoder[0],
        "model_max_length": tokenizer.context_length,
    }
    (folder / "tokenizer.json").write_text(clip_tokenizer(tokenizer).to_str(pretty=True), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")


def _save_pretrained(tokenizer: Any, folder: Path) -> None:
    try:
        tokenizer.save_pretrained(str(folder))
    except Exception as error:
        told = _OS_ERROR.search(str(error))
        if told is None:
            raise
        raise OSError(int(told[1]), os.strerror(int(told[1]))) from error


def _start_and_end(tokenizer: Any) -> tuple[str, str]:
    start, end = (tokenizer.decoder[i] for i in (tokenizer.sot_token_id, tokenizer.eot_token_id))
    return start, end
