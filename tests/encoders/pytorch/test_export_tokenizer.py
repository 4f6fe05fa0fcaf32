"""Tokenizers that were written as ``tokenizer.json`` cut texts as open_clip's own do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("open_clip", reason="these are open_clip's tokenizers: `make test-torch`")

import open_clip
from open_clip.tokenizer import HFTokenizer, SigLipTokenizer, SimpleTokenizer
from tiny_models import unigram_tokenizer

from clipcoder.encoders.export.tokenizer import text_settings, write_tokenizer
from clipcoder.encoders.json_file import JsonFile
from clipcoder.encoders.onnx.tokens import TextTokens
from clipcoder.errors import InvalidInputError

NASTY = [
    "",
    "   ",
    "A Photo of a CAT",
    "it's  they're we'll I'd I'M don't 'tis o'clock ''' 's",
    "naïve façade Straße ÅNGSTRÖM İstanbul ΣΊΣΥΦΟΣ",
    "猫の写真 قطة кошка 고양이 แมว",
    "👩‍👩‍👧‍👦 🏳️‍🌈 ❤️ 👍🏽",
    "&amp;amp; &lt;b&gt;bold&lt;/b&gt; &eacute; &nbsp; &#x27;",
    "âœ” schÃ¶n â€œquotedâ€\x9d",
    "“curly” ‘quotes’ — dash … ellipsis",
    "12345 3.14 1st 2nd ½ ⅷ ²³",
    "tab\there\nnew\r\nline\x0bvertical\u00a0nbsp\u2003em\u3000wide",
    "under_score snake_case kebab-case CamelCase",
    "!!!???...,,,;;;:::---",
    "a!b?c.d 'sx 'Sx x's",
    "zero\u200bwidth soft\u00adhyphen rtl\u202etext",
    "e\u0301 \u1112\u1161\u11ab \ufb01n \u2126",
    "word " * 100,
    "x" * 500,
    "\ud83d\udc31".encode("utf-16", "surrogatepass").decode("utf-16"),
]


def written(tokenizer: Any, folder: Path, text_config: dict[str, Any]) -> TextTokens:
    write_tokenizer(tokenizer, folder)
    settings = JsonFile(folder / "config.json", text_settings(tokenizer, text_config))
    return TextTokens(folder, settings, settings.values["context_length"])


@pytest.mark.parametrize("clean", ["lower", "whitespace", "canonicalize"])
def test_clips_tokenizer_makes_the_same_ids_of_nasty_texts(clean: str, tmp_path: Path) -> None:
    tokenizer = SimpleTokenizer(clean=clean)
    tokens = written(tokenizer, tmp_path, {"tokenizer_kwargs": {"clean": clean}})
    assert tokens(NASTY)[0].tolist() == tokenizer(NASTY).tolist()


def test_another_context_length_is_written_too(tmp_path: Path) -> None:
    tokenizer = SimpleTokenizer(context_length=11)
    tokens = written(tokenizer, tmp_path, {"context_length": 77})
    assert tokens(NASTY)[0].shape == (len(NASTY), 11)
    assert tokens(NASTY)[0].tolist() == tokenizer(NASTY).tolist()


@pytest.mark.parametrize("clean", ["whitespace", "canonicalize"])
def test_other_tokenizers_make_the_same_ids(clean: str, tmp_path: Path) -> None:
    unigram_tokenizer(16).save_pretrained(tmp_path / "own")
    tokenizer = HFTokenizer(str(tmp_path / "own"), context_length=16, clean=clean)
    config = {"hf_tokenizer_name": "org/own", "tokenizer_kwargs": {"clean": clean}}
    tokens = written(tokenizer, tmp_path / "written", config)
    assert tokens(NASTY)[0].tolist() == tokenizer(NASTY).tolist()


def test_siglips_cleaning_is_written_down_though_open_clip_knows_it_by_name(tmp_path: Path) -> None:
    tokenizer = SigLipTokenizer.__new__(SigLipTokenizer)  # its own __init__ fetches a vocabulary
    tokenizer.tokenizer, tokenizer.context_length = unigram_tokenizer(16), 16
    assert text_settings(tokenizer, {"context_length": 64, "width": 8}) == {
        "context_length": 16,
        "width": 8,
        "hf_tokenizer_name": "tokenizer.json",
        "tokenizer_kwargs": {"clean": "canonicalize"},
    }


def test_a_tokenizer_without_a_fast_form_is_refused(tmp_path: Path) -> None:
    class Slow:
        tokenizer = object()

        def save_pretrained(self, folder: str) -> None:
            (Path(folder) / "vocab.txt").touch()

    with pytest.raises(InvalidInputError, match=r"cannot be written as tokenizer\.json"):
        write_tokenizer(Slow(), tmp_path)


@pytest.mark.parametrize(
    ("told", "kind"), [("No space left on device (os error 28)", OSError), ("no such token", Exception)]
)
def test_a_full_disk_is_told_as_such(told: str, kind: type[Exception], tmp_path: Path) -> None:
    """The tokenizers library raises an Exception of no kind, whatever has happened."""

    class Failing:
        def save_pretrained(self, folder: str) -> None:
            raise Exception(told)

    with pytest.raises(kind, match=told.partition(" (")[0]) as caught:
        write_tokenizer(Failing(), tmp_path)
    assert type(caught.value) is kind


def test_the_padding_is_named_for_programs_that_ask(tmp_path: Path) -> None:
    write_tokenizer(open_clip.get_tokenizer("ViT-B-32"), tmp_path)
    settings = JsonFile.read(tmp_path / "tokenizer_config.json").values
    assert settings == {
        "bos_token": "<start_of_text>",
        "eos_token": "<end_of_text>",
        "pad_token": "!",
        "model_max_length": 77,
    }
