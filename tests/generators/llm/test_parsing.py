from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clipcoder.generators.llm.parsing import parse_answer

THREE = ["large, round eyes", "tufted ears", "a short, hooked bill"]


@pytest.mark.parametrize(
    "answer",
    [
        '{"texts": ["large, round eyes", "tufted ears", "a short, hooked bill"]}',
        '["large, round eyes", "tufted ears", "a short, hooked bill"]',
        '{"features": ["large, round eyes", "tufted ears", "a short, hooked bill"]}',
        '{"owl": {"head": ["large, round eyes", "tufted ears"], "bill": ["a short, hooked bill"]}}',
        '{"1": "large, round eyes", "2": "tufted ears", "3": "a short, hooked bill"}',
        '[{"text": "large, round eyes", "why": "night"}, {"text": "tufted ears"},'
        ' {"text": "a short, hooked bill", "why": "meat"}]',
        '{"text": "large, round eyes"}\n{"text": "tufted ears"}\n{"text": "a short, hooked bill"}',
        '{"note": "as asked", "texts": [{"text": "large, round eyes"}, {"text": "tufted ears"},'
        ' {"text": "a short, hooked bill"}], "language": "English"}',
        'The answer is {"texts": ["large, round eyes", "tufted ears", "a short, hooked bill"]} as JSON.',
        'Sure:\n```json\n{"texts": ["large, round eyes", "tufted ears", "a short, hooked bill"]}\n```\n"!"',
        '{"texts": ["large, round eyes", "tufted ears", "a short, hooked bill",]} // a "trailing" comma',
        '{"texts": ["large, round eyes", "tufted ears", "a short, hooked bill", "a whit',
        '{"texts": ["large, round eyes", "tufted ears", "a short, hooked bill", "a \\"whit\\',
        '{"texts": ["- large, round eyes", "2. tufted ears.", "**a short, hooked bill**"]}',
        '{"texts": ["1. large, round eyes\\n2. tufted ears", "a short, hooked bill"]}',
        '{"texts": "- large, round eyes\\n- tufted ears\\n- a short, hooked bill"}',
        "[\n 'large, round eyes',\n 'tufted ears',\n 'a short, hooked bill'\n]",
    ],
)
def test_json_whole_nested_embedded_broken_or_cut_off(answer: str) -> None:
    assert parse_answer(answer) == THREE


@pytest.mark.parametrize(
    "mark",
    ["- ", "* ", "*", "• ", "– ", "— ", "·", "_", "+ ", "> ", "✅ ", "▪️ ", "1. ", "2) ", "(3) ", "4: ",
     "#5. ", "a) ", "(b) ", "iv) ", "- [ ] ", "* [x] ", "> - 1. ", "\t- ", "10000. "],
)  # fmt: skip
def test_every_bullet_and_number_goes(mark: str) -> None:
    assert parse_answer("\n".join(mark + text for text in THREE)) == THREE
    assert parse_answer(mark + "large, round eyes") == ["large, round eyes"]


@pytest.mark.parametrize(
    "answer",
    [
        "Here are three features of an owl:\n\n- large, round eyes\n- tufted ears\n- a short, hooked bill\n\n"
        "Let me know if you need more!",
        "# Owl\n\nOwls are birds.\n\n## Head:\n1. large, round eyes\n2. tufted ears\n"
        "## Bill\n3. a short, hooked bill",
        "- **Head:**\n  - large, round eyes\n  - tufted ears\n- *Bill*:\n  - a short, hooked bill",
        "Sure!\nlarge, round eyes\ntufted ears\na short, hooked bill\nI hope this helps.",
        "## Features\nSure! An owl has the following features.\nlarge, round eyes\ntufted ears\n"
        "a short, hooked bill\nNote: birds vary.",
        "large, round eyes\n_tufted ears\n_a short, hooked bill",
        "For the owl:\n_large, round eyes\n_tufted ears\n_a short, hooked bill",
        "```\nlarge, round eyes\ntufted ears\na short, hooked bill\n```",
        "<p>Here they are:</p><ul><li>large, round eyes</li><li class='x'>tufted ears</li>"
        "<li>a short, <b>hooked</b> bill</li></ul>",
        "large, round eyes<br>tufted ears<br/>a short, hooked bill",
        "<think>Owls have:\n- wings\n</think>\n- large, round eyes\n- tufted ears\n- a short, hooked bill",
        "large, round eyes\r\n\r\ntufted ears\r\n   \r\na short, hooked bill\r\n",
        "large, round eyes; tufted ears; and a short, hooked bill.",
        "Features: large, round eyes; tufted ears; a short, hooked bill",
    ],
)
def test_what_stands_around_a_list_is_left_out(answer: str) -> None:
    assert parse_answer(answer) == THREE


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("woodland, woods, and thicket", ["woodland", "woods", "thicket"]),
        ("Synonyms: woodland, woods or thicket, etc.", ["woodland", "woods or thicket"]),
        ("Sure! Tiger, lion", ["Tiger", "lion"]),
        ("['tiger', \"lion\"]", ["tiger", "lion"]),
        ("{'texts': ['tiger', 'lion']}", ["tiger", "lion"]),
        ("• tiger • lion, big", ["tiger", "lion, big"]),
        ("1. tiger 2. lion 3. version 2.5 (4) leopard", ["tiger", "lion", "version 2.5", "leopard"]),
        ("- ears - long", ["ears - long"]),
        ("dog (small, brown), cat", ["dog (small, brown)", "cat"]),
        ("1,000 lights, 2,5 metres", ["1,000 lights", "2,5 metres"]),
        ("a) lion, b) tiger", ["a) lion, b) tiger"]),
        ("1) stripes: black, and white", ["stripes: black, and white"]),
        ("stripes: black", ["stripes: black"]),
        ("a (single, open bracket", ["a (single, open bracket"]),
    ],
)
def test_one_line_is_a_list_unless_it_is_an_item_of_one(line: str, parts: list[str]) -> None:
    assert parse_answer(line) == [part.removeprefix("a) ") for part in parts]


@pytest.mark.parametrize(
    ("marked_up", "plain"),
    [
        ("**Large** __round__ *eyes*", "Large round eyes"),
        ("`M*A*S*H` tents", "M*A*S*H tents"),
        ("[Tiger](https://example.org/tiger 'big') stripes[1][23]", "Tiger stripes"),
        ("![an owl](owl.png)", "an owl"),
        ("salt &amp; pepper &#233;toile &#xe9;", "salt & pepper étoile é"),
        ("<span style='x'>bold</span> <i>face</i>", "bold face"),
        ("size < 5 cm > 3 cm", "size < 5 cm > 3 cm"),
        ("“quoted”.", "quoted"),
        ("'the dog's ears',", "the dog's ears"),
        ("\"'twice quoted.'\"", "twice quoted"),
        ('"A" and "B"', '"A" and "B"'),
        ("'A' and 'B'", "'A' and 'B'"),
        ('a sign that says "STOP"', 'a sign that says "STOP"'),
        ("made in the U.S.", "made in the U.S."),
        ("wheels...", "wheels"),
        ("T. rex", "T. rex"),
        ("4:3 screen", "4:3 screen"),
        ("2.5 inch screen", "2.5 inch screen"),
        ("-5 degrees", "-5 degrees"),
        ("(small) head", "(small) head"),
        ("Great horned owl", "Great horned owl"),
        ("Sure-footed hooves", "Sure-footed hooves"),
        ("coffee_mug", "coffee mug"),
        ("tab\tand   space", "tab and space"),
        ("zero\u200bwidth \ufeffand\x00 control", "zerowidth and control"),
        ("cafe\u0301", "café"),
        ("half \ud83d character", "half character"),
    ],
)
def test_markup_goes_and_the_words_stay(marked_up: str, plain: str) -> None:
    assert parse_answer(f"- {marked_up}\n- other") == [plain, "other"]
    assert parse_answer(json.dumps({"texts": [marked_up, "other"]})) == [plain, "other"]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        " \n\t",
        "{}",
        "[]",
        '{"texts": []}',
        '{"texts": [], "note": "there are none"}',
        '{"texts": [null, 3, {}]}',
        '{"texts": ["None"]}',
        "None.",
        "N/A",
        "- (none)",
        "There are no common synonyms for it.",
        "---\n***\n...",
        "Here are some features:",
        "Sure!",
        "<think>An owl has large eyes",
        "```\n```",
    ],
)
def test_an_answer_that_says_nothing_has_no_snippets(answer: str) -> None:
    assert parse_answer(answer) == []


def test_a_badly_escaped_string_keeps_its_letters() -> None:
    assert parse_answer(
        r'{"texts": ["an owl\'s ears", "caf\u00e9 colour", "a\
b"]}'
    ) == ["an owl's ears", "café colour", "a", "b"]


def test_a_refusal_in_one_line_is_not_torn_apart() -> None:
    assert parse_answer("I'm sorry, but I can't help, sadly.") == ["I'm sorry, but I can't help, sadly"]
    assert parse_answer("There is no answer, or many, to this.") == ["There is no answer, or many, to this"]


LETTERS = st.text(st.characters(categories=["Ll", "Lo"]), min_size=1, max_size=8)
WORD = LETTERS.map(lambda letters: unicodedata.normalize("NFC", f"x{letters}"))
SNIPPETS = st.lists(st.lists(WORD, min_size=1, max_size=5).map(" ".join), min_size=1, max_size=6)
WITH_COMMAS = st.lists(st.lists(WORD, min_size=1, max_size=4).map(", ".join), min_size=2, max_size=6)
RENDERINGS: dict[str, Callable[[list[str]], str]] = {
    "json": lambda texts: json.dumps({"texts": texts}),
    "readable json": lambda texts: json.dumps(texts, indent=2, ensure_ascii=False),
    "fenced": lambda texts: f"Sure!\n```json\n{json.dumps({'texts': texts})}\n```",
    "bullets": lambda texts: "\n".join(f"- {text}" for text in texts),
    "numbers": lambda texts: "Here you go:\n" + "\n".join(f"{i}. {text}." for i, text in enumerate(texts, 1)),
    "bold": lambda texts: "\n".join(f"* **{text}**" for text in texts),
    "quoted": lambda texts: "\n".join(f'{i}) "{text}",' for i, text in enumerate(texts, 1)),
    "html": lambda texts: "<ul>" + "".join(f"<li>{text}</li>" for text in texts) + "</ul>",
    "lines": "\n".join,
}


@pytest.mark.parametrize("rendering", RENDERINGS)
@given(SNIPPETS | WITH_COMMAS)
def test_clean_snippets_come_back_from_every_form(rendering: str, snippets: list[str]) -> None:
    assert parse_answer(RENDERINGS[rendering](snippets)) == snippets


@given(SNIPPETS.filter(lambda snippets: len(snippets) > 1), st.sampled_from([", ", "; "]))
def test_clean_snippets_come_back_from_one_line(snippets: list[str], separator: str) -> None:
    assert parse_answer(separator.join(snippets)) == snippets


@given(SNIPPETS, st.integers(0, 400))
def test_of_json_that_is_cut_off_whole_strings_are_kept(snippets: list[str], length: int) -> None:
    cut = json.dumps({"texts": snippets}, ensure_ascii=False)[: 12 + length]
    found = parse_answer(cut)
    assert found == snippets[: len(found)]
    assert len(found) == sum(f'"{text}"' in cut for text in dict.fromkeys(snippets)) or len(
        set(snippets)
    ) < len(snippets)


PIECES = st.sampled_from(
    [*"[]{}\"'\\:,;`*_-#<>&() \n\r", "1. ", "<li>", "```", "&#", "texts", "\\u", "\ud800"]
)


@given(st.text() | st.lists(PIECES | st.text(max_size=3)).map("".join))
@example("&#" + "9" * 5000 + ";")
@example('{"texts": ["\\ud83d"]}')
@example("[" * 5000 + '"')
def test_nothing_raises_and_every_snippet_can_be_encoded(text: str) -> None:
    for snippet in parse_answer(text):
        assert snippet == " ".join(snippet.split())
        assert any(map(str.isalnum, snippet))
        snippet.encode()


@pytest.mark.parametrize(
    "unit",
    ["[", '["', '{"', "{", "`", "``` ", "*", "_", "-", " ", "\n", '\\"', '"', "&#", "<", "<li", "[](", "[a",
     "1.", "a,", "(,", ":", ": ", ".x.", "\n- ", "a\u0315\u0300", "I ", "no ", "'", "</think>", "<think>",
     '{"\\"', "!a", "a;"],
)  # fmt: skip
def test_no_hostile_answer_keeps_the_parser_busy(unit: str) -> None:
    answer = (unit * (1 + 200_000 // len(unit)))[:200_000]
    started = time.process_time()
    parse_answer(answer)
    parse_answer(f'{{"{answer}')
    assert time.process_time() - started < 30  # it takes half a second; quadratic time would be hours


def test_ten_thousand_lines() -> None:
    answer = "\n".join(f"{i}. feature {i}" for i in range(1, 10_001))
    assert parse_answer(answer) == [f"feature {i}" for i in range(1, 10_001)]
