from __future__ import annotations

from itertools import pairwise, product
from pathlib import Path

import pytest

from clipcoder.errors import ClipcoderError, InvalidInputError, UnknownNameError
from clipcoder.generators.base import SNIPPET_KINDS, Question
from clipcoder.generators.catalog import catalogue_names, load_prompts
from clipcoder.generators.prompts import PromptSet
from clipcoder.generators.sentences import DEFAULT_TEMPLATES, plain_name, render
from clipcoder.generators.wording import fields_of

# fmt: off
NAMES = (
    "generic", "caltech101", "dtd", "eurosat", "fgvc_aircraft", "food101", "imagenet", "imagenet_v2",
    "oxford_flowers", "oxford_pets", "stanford_cars", "sun397", "ucf101", "cub200", "places365",
)
CLASSES = (
    "owl", "crane_(bird)", "ApplyEyeMakeup", "A300", "Volkswagen Golf Hatchback 1991", "binoculars",
    "the Eiffel Tower", "tench, Tinca tinca",
)
SNIPPETS = ("long legs", "has a striped back", "a large bird", "painted red")
PUBLISHED = {
    "caltech101": "a photo of a platypus.",
    "dtd": "platypus texture.",
    "eurosat": "a centered satellite photo of platypus.",
    "fgvc_aircraft": "a photo of a platypus, a type of aircraft.",
    "food101": "a photo of platypus, a type of food.",
    "imagenet": "a photo of a platypus.",
    "imagenet_v2": "a photo of a platypus.",
    "oxford_flowers": "a photo of a platypus, a type of flower.",
    "oxford_pets": "a photo of a platypus, a type of pet.",
    "stanford_cars": "a photo of a platypus.",
    "sun397": "a photo of a platypus.",
    "ucf101": "a photo of a person doing platypus.",
    "cub200": "a photo of a platypus, a type of bird.",
}
# fmt: on


def check_english(text: str) -> None:
    """Look for what goes wrong where wordings and names are put together."""
    words = text.lower().split()
    assert not [pair for pair in pairwise(words) if {*pair} <= {"a", "an", "the"}]
    assert not [
        fault
        for fault in ("  ", " ,", " .", " :", "..", ",,", "( ", " )")
        if fault in text.replace("[...]", "")
    ]
    assert text == text.strip()


@pytest.fixture(params=NAMES)
def prompts(request: pytest.FixtureRequest) -> PromptSet:
    return load_prompts(request.param)


def test_the_catalogue_has_the_paper_s_data_sets() -> None:
    assert catalogue_names() == NAMES


def test_every_set_has_its_own_name_and_title() -> None:
    loaded = [load_prompts(name) for name in NAMES]
    assert [prompts.name for prompts in loaded] == list(NAMES)
    assert len({prompts.title for prompts in loaded} - {""}) == len(NAMES)


@pytest.mark.parametrize("kind", SNIPPET_KINDS)
def test_every_prompt_is_clean_short_and_about_its_classes(prompts: PromptSet, kind: str) -> None:
    for name, other in product(CLASSES, CLASSES):
        prompt = prompts.prompt(Question(kind, name, other))  # type: ignore[arg-type]
        for line in prompt.splitlines():
            check_english(line)
        assert len(prompt) < 1200
        assert plain_name(name) in prompt
        assert (plain_name(other) in prompt) or kind != "one_to_one"
        assert str(prompts.counts[kind]) in prompt  # type: ignore[index]
        assert '{"texts": [...]}' in prompt


@pytest.mark.parametrize("kind", SNIPPET_KINDS)
def test_every_prompt_takes_a_domain_and_unwanted_answers(prompts: PromptSet, kind: str) -> None:
    question = Question(kind, "crane", "hoist", ("derrick", "lorry"))  # type: ignore[arg-type]
    machines = prompts.with_domain("a type of machine")
    prompt = machines.prompt(question)
    assert "crane, a type of machine" in prompt.replace(" texture", "").replace(" one,", " crane,")
    assert '"derrick", "lorry"' in prompt
    assert prompt.startswith(machines.prompt(Question(kind, "crane", "hoist")))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["name", *SNIPPET_KINDS])
def test_every_sentence_is_clean_and_about_its_class(prompts: PromptSet, kind: str) -> None:
    for name, snippet in product(CLASSES, SNIPPETS):
        for text in render(kind, name, snippet, prompts.templates, other="kite", domain=prompts.domain):  # type: ignore[arg-type]
            check_english(text)
            assert plain_name(name) in text or kind in ("synonym", "name")
            assert snippet.split()[-1] in text or kind == "name"


def test_every_set_words_one_to_one_texts_in_two_to_four_ways(prompts: PromptSet) -> None:
    wordings = prompts.templates.of("one_to_one")
    assert 2 <= len(set(wordings)) == len(wordings) <= 4
    assert sum({"other", "a_other"}.isdisjoint(fields_of(wording)) for wording in wordings) <= 1
    sentences = render(
        "one_to_one", "owl", "round face", prompts.templates, other="kite", domain=prompts.domain
    )
    assert len(set(sentences)) == len(wordings)


@pytest.mark.parametrize("kind", ["name", "synonym"])
def test_every_set_has_a_place_for_a_domain_behind_names(prompts: PromptSet, kind: str) -> None:
    assert all("domain" in fields_of(wording) for wording in prompts.templates.of(kind))


@pytest.mark.parametrize(("name", "sentence"), PUBLISHED.items())
def test_names_are_worded_as_clip_s_authors_published(name: str, sentence: str) -> None:
    prompts = load_prompts(name)
    assert render("name", "platypus", templates=prompts.templates, domain=prompts.domain) == (sentence,)


def test_the_generic_sentences_are_the_default_ones() -> None:
    generic = load_prompts().templates
    for kind in ("name", "synonym", "attribute", "analogue"):
        assert generic.of(kind) == DEFAULT_TEMPLATES.of(kind)
    assert DEFAULT_TEMPLATES.one_to_one == generic.of("one_to_one")[0].replace("{domain}", "")


def test_the_counts_are_those_of_the_generic_set(prompts: PromptSet) -> None:
    assert prompts.counts == {"attribute": 8, "analogue": 5, "synonym": 4, "one_to_one": 4}


def test_a_set_says_only_how_it_differs_from_its_base() -> None:
    new, old = load_prompts("imagenet_v2"), load_prompts("imagenet")
    assert (new.templates, new.questions, new.domain) == (old.templates, old.questions, old.domain)
    assert load_prompts("places365").questions == load_prompts("sun397").questions
    assert load_prompts("places365").domain == "a type of place"


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("CUB-200", "cub200"), ("ImageNet V2", "imagenet_v2"), ("oxford-pets", "oxford_pets"), ("DTD", "dtd")],
)
def test_a_name_may_be_spelled_as_people_do(spelling: str, name: str) -> None:
    assert load_prompts(spelling).name == name


@pytest.mark.parametrize("name", ["cub2000", "birds", "", "?", "generic/toml"])
def test_a_name_that_is_no_set_and_no_file_is_refused(name: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown set of prompts") as caught:
        load_prompts(name)
    assert caught.value.choices == NAMES


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_bytes(text.encode())
    return path


def test_a_user_s_file_may_be_short(tmp_path: Path) -> None:
    own = load_prompts(
        written(tmp_path, 'domain = "a type of mushroom"\n[questions]\nlook = "Look at the gills."')
    )
    generic = load_prompts()
    assert (own.name, own.domain, own.title) == ("own", "a type of mushroom", "")
    assert (own.templates, own.counts, own.again) == (generic.templates, generic.counts, generic.again)
    for kind in ("attribute", "one_to_one"):
        lines = own.questions[kind].splitlines()
        assert lines[1] == "Look at the gills."
        assert [*lines[:1], *lines[2:]] == [
            line for n, line in enumerate(generic.questions[kind].splitlines()) if n != 1
        ]
    assert own.questions["synonym"] == generic.questions["synonym"]


def test_an_empty_file_is_the_generic_set(tmp_path: Path) -> None:
    own, generic = load_prompts(written(tmp_path, "")), load_prompts()
    assert (own.templates, own.questions, own.domain) == (
        generic.templates,
        generic.questions,
        generic.domain,
    )


def test_a_user_s_file_may_be_based_on_a_set_of_the_catalogue(tmp_path: Path) -> None:
    text = 'base = "cub200"\ntitle = "Owls"\n[templates]\nname = ["{name}", "a {}"]\n[counts]\nsynonym = 1'
    own, birds = load_prompts(str(written(tmp_path, text))), load_prompts("cub200")
    assert (own.title, own.domain, own.questions) == ("Owls", birds.domain, birds.questions)
    assert own.templates.of("name") == ("{name}", "a {}")
    assert own.templates.synonym == birds.templates.synonym
    assert own.counts == {**birds.counts, "synonym": 1}
    assert load_prompts("cub200") == birds, "the catalogue itself stays as it is"


CHINESE = """
domain = "一种鸟"
[questions]
attribute = "照片里的{name}{domain}有什么特征？请写{count}个。"
look = ""
phrases = ""
form = '请用JSON回答：{{"texts": [...]}}。'
again = "不要这些：{unwanted}。"
"""


@pytest.mark.parametrize("text", [CHINESE, "\ufeff" + CHINESE, CHINESE.replace("\n", "\r\n")])
def test_a_prompt_may_be_in_another_language(tmp_path: Path, text: str) -> None:
    prompt = load_prompts(written(tmp_path, text)).prompt(Question("attribute", "鹤", unwanted=("羽毛",)))
    assert (
        prompt
        == '照片里的鹤, 一种鸟有什么特征？请写8个。\n请用JSON回答：{"texts": [...]}。\n不要这些："羽毛"。'
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("domian = 'a bird'", r"unknown key in .*own\.toml, 'domian': did you mean 'domain'"),
        ("[template]\nname = '{}'", r"unknown key in .*own\.toml, 'template': did you mean 'templates'"),
        (
            "[questions]\natribute = '{name}'",
            r"unknown key of \[questions\] in .*'atribute': did you mean 'attribute'",
        ),
        ("[templates]\nnames = '{}'", r"unknown key of \[templates\] in .*'names': did you mean 'name'"),
        ("[counts]\nname = 3", r"unknown key of \[counts\] in .*'name': did you mean"),
        ("base = 'cub20'", r"unknown base in .*own\.toml, 'cub20': did you mean 'cub200'"),
        ("base = 7", r"own\.toml: base must be a text, but it is '7'"),
        ("domain = ['a bird']", r"own\.toml: domain must be a text, but it is"),
        ("questions = 'What?'", r"own\.toml: questions must be a table, but it is 'What\?'"),
        ("[questions]\nlook = 1", r"own\.toml: questions\.look must be a text, but it is '1'"),
        ("[questions]\nattribute = ['{name}']", r"own\.toml: questions\.attribute must be a text, but"),
        ("[templates]\nname = []", r"own\.toml: templates\.name must be a list of texts, but it is '\[\]'"),
        ("[templates]\nname = ['{}', 3]", r"own\.toml: templates\.name must be a list of texts, but"),
        ("[templates]\nname = 3", r"own\.toml: templates\.name must be a text, but it is '3'"),
        ("[templates]\nattribute = '{name}'", r"own\.toml: a wording for the kind attribute must hold"),
        ("[templates]\nname = '{nam}'", r"own\.toml: a wording for the kind name may have .* has \{nam\}"),
        ("[questions]\nsynonym = 'Which?'", r"own\.toml: the question for the kind synonym must hold"),
        (
            "[questions]\nform = 'as {json}'",
            r"own\.toml: the question for the kind attribute may .* has \{json\}",
        ),
        ("[questions]\nagain = 'Others!'", r"own\.toml: the wording of again must hold \{unwanted\}"),
        (
            "[counts]\nsynonym = 51",
            r"own\.toml: counts\.synonym must be a whole number from 1 to 50, but it is 51",
        ),
        ("[counts]\nsynonym = true", r"own\.toml: counts\.synonym must be .* it is True"),
        ("domain = ", r"own\.toml must be a TOML file in UTF-8, but Invalid value"),
        ("x = " + "[" * 5000, r"own\.toml must be a TOML file in UTF-8, but"),
    ],
)
def test_every_fault_of_a_file_is_said_with_path_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ClipcoderError, match=message) as caught:
        load_prompts(written(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes('domain = "Vögel"'.encode("latin-1"))
    with pytest.raises(InvalidInputError, match=r"latin\.toml must be a TOML file in UTF-8"):
        load_prompts(path)


@pytest.mark.parametrize("name", ["none.toml", "folder.toml"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(InvalidInputError, match=rf"cannot read .*{name}: .*; name a TOML file"):
        load_prompts(tmp_path / name)
