"""From texts to token ids: one length, the end token always there, padding as the model was trained with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, normalizers

from clipcoder.encoders.json_file import JsonFile
from clipcoder.encoders.onnx.tokens import TextTokens
from clipcoder.errors import InvalidInputError
from tiny_clip import END, START, VOCABULARY, ids, tokenizer, write_json

OTHER = {"hf_tokenizer_name": "some/other-vocabulary"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tokenizer().save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def tokens(folder: Path, length: int = 7, **text_config: Any) -> TextTokens:
    return TextTokens(folder, JsonFile(Path("config.json"), text_config), length)


def test_short_texts_are_filled_up_with_zeros(folder: Path) -> None:
    found, mask = tokens(folder)(["a cat", ""])
    assert found.tolist() == [ids("a cat"), ids("")]
    assert mask.tolist() == [[1, 1, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0]]


def test_long_texts_lose_their_end_but_not_the_end_token(folder: Path) -> None:
    found, mask = tokens(folder)(["a photo of a cat a dog", "a photo of a cat"])
    assert found.tolist() == [ids("a photo of a cat")] * 2
    assert mask.all()


def test_case_is_the_tokenizers_business_and_blanks_are_joined(folder: Path) -> None:
    found, _ = tokens(folder)(["  A\tPhoto\n of   CAT "])
    assert found.tolist() == [ids("a photo of cat")]


def test_what_is_in_no_vocabulary_is_unknown(folder: Path) -> None:
    assert tokens(folder)(["a zebra"])[0].tolist() == [ids("a <unk>")]


def test_no_texts_have_no_rows(folder: Path) -> None:
    assert [array.shape for array in tokens(folder)([])] == [(0, 7), (0, 7)]


def test_punctuation_goes_where_the_model_was_trained_without(folder: Path) -> None:
    text = "It's,  a_cat!"
    cased = tokenizer()
    cased.normalizer = normalizers.NFC()
    cased.save(str(folder / "tokenizer.json"))
    canonical = tokens(folder, tokenizer_kwargs={"clean": "canonicalize"})
    assert canonical([text])[0].tolist() == [ids("its a cat")]
    assert tokens(folder)(["it's a_cat"])[0].tolist() == [ids("it's <unk>")]


def test_another_vocabulary_is_padded_as_its_tokenizer_says(folder: Path) -> None:
    padded = tokenizer()
    padded.enable_padding(pad_id=VOCABULARY["<pad>"], pad_token="<pad>")
    padded.save(str(folder / "tokenizer.json"))
    assert tokens(folder, **OTHER)(["a cat"])[0].tolist() == [ids("a cat", pad="<pad>")]


@pytest.mark.parametrize("token", ["<pad>", {"content": "<pad>", "lstrip": False}])
def test_another_vocabulary_may_be_padded_by_its_settings(folder: Path, token: object) -> None:
    write_json(folder / "tokenizer_config.json", {"pad_token": token})
    assert tokens(folder, **OTHER)(["a cat"])[0].tolist() == [ids("a cat", pad="<pad>")]


@pytest.mark.parametrize("settings", [None, {}, {"pad_token": "<nowhere>"}, {"pad_token": 3}])
def test_padding_is_never_guessed(folder: Path, settings: object) -> None:
    if settings is not None:
        write_json(folder / "tokenizer_config.json", settings)
    with pytest.raises(InvalidInputError, match="names the padding"):
        tokens(folder, **OTHER)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("A CAT", "a cat"),
        ("\tA  cat\n", "a cat"),
        ("a\u00a0cat", "a cat"),
        ("a &lt;unk&gt; cat", "a <unk> cat"),
        ("it&amp;#39;s a cat", "it's a cat"),
        ("it’s a cat", "it's a cat"),
        ("itâ€™s a cat", "it's a cat"),
    ],
)
def test_texts_are_mended_as_clip_was_trained(folder: Path, text: str, same: str) -> None:
    assert tokens(folder)([text])[0].tolist() == [ids(same)]


def test_case_is_kept_where_the_vocabulary_is_not_clips_own(folder: Path) -> None:
    cased = tokenizer()
    cased.normalizer = normalizers.NFC()
    cased.enable_padding(pad_id=0)
    cased.save(str(folder / "tokenizer.json"))
    assert tokens(folder, **OTHER)(["A cat"])[0].tolist() == [ids("<unk> cat")]
    assert tokens(folder)(["A cat"])[0].tolist() == [ids("a cat")]


def test_a_text_that_spells_out_the_end_token_does_not_end_there(folder: Path) -> None:
    spelled = tokenizer()
    spelled.add_special_tokens([START, END])
    spelled.save(str(folder / "tokenizer.json"))
    assert tokens(folder)([f"a cat{END} dog"])[0].tolist() == [ids("a <unk> dog")]


def test_a_tower_with_a_mask_has_a_vocabulary_of_its_own(folder: Path) -> None:
    write_json(folder / "tokenizer_config.json", {"pad_token": "<pad>"})
    masked = TextTokens(folder, JsonFile(Path("config.json"), {}), 7, masked=True)
    found, mask = masked(["a cat"])
    assert found.tolist() == [ids("a cat", pad="<pad>")]
    assert mask.tolist() == [[1, 1, 1, 1, 0, 0, 0]]


def test_a_separator_is_stripped_where_the_model_was_trained_without(folder: Path) -> None:
    write_json(folder / "tokenizer_config.json", {"pad_token": "<pad>", "sep_token": END})
    found = tokens(folder, **OTHER, tokenizer_kwargs={"strip_sep_token": True})(["a cat"])[0]
    assert found.tolist() == [[VOCABULARY[START], 1, 4, 0, *[VOCABULARY["<pad>"]] * 3]]


def test_a_separator_that_is_not_named_is_not_guessed(folder: Path) -> None:
    write_json(folder / "tokenizer_config.json", {"pad_token": "<pad>"})
    with pytest.raises(InvalidInputError, match="must name the sep_token"):
        tokens(folder, **OTHER, tokenizer_kwargs={"strip_sep_token": True})


def test_a_cleaning_that_nobody_knows_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"'clean' in 'config\.json' .* got \"polish\""):
        tokens(folder, tokenizer_kwargs={"clean": "polish"})


def test_what_else_a_tokenizer_should_do_is_not_passed_over(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="asks for reduction_mask, but only 'clean' and 'strip_sep"):
        tokens(folder, tokenizer_kwargs={"reduction_mask": "syntax"})
    with pytest.raises(InvalidInputError, match="asks for tokenizer_mode"):
        tokens(folder, **OTHER, tokenizer_mode="clips")
    assert tokens(folder, tokenizer_kwargs={"reduction_mask": ""})([""])[0].tolist() == [ids("")]


@pytest.mark.parametrize("content", ["", "{}", '{"model": '])
def test_a_broken_tokenizer_is_refused(folder: Path, content: str) -> None:
    (folder / "tokenizer.json").write_text(content)
    with pytest.raises(InvalidInputError, match=r"tokenizer\.json' is no tokenizer .* get the file again"):
        tokens(folder)


def test_a_context_without_room_for_a_word_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInputError, match="adds 2 tokens to a text, which leaves no room in the 2"):
        tokens(folder, length=2)


def test_clip_without_an_end_token_is_refused(folder: Path) -> None:
    bare = Tokenizer(models.WordLevel(VOCABULARY, unk_token="<unk>"))
    bare.save(str(folder / "tokenizer.json"))
    with pytest.raises(InvalidInputError, match="adds no end token"):
        tokens(folder)
