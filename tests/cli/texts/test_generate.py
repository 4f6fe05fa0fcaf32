"""``clipcoder texts generate``: whoever writes, the right banks or one sentence."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from clipcoder.arrays import FloatArray
from clipcoder.bank import PairBank, TextBank
from clipcoder.cli.commands import main
from clipcoder.encoders.inputs import ImageInput
from clipcoder.generators.catalog import load_prompts
from clipcoder.paths import cache_folder
from clipcoder.source import Source
from loopback_model import LoopbackModel, Reaction, Request, echo, says, serving, status, well
from toy_encoder import ColourEncoder

Run = Callable[..., Result]
NAMES = ["tabby cat", "Siamese cat", "beagle"]
CLASSES = ["--classes", ",".join(NAMES)]
PAIRS = [*CLASSES, "--kinds", "one-to-one"]
MANY = ["--classes", ",".join(f"kind {n}" for n in range(51)), "--kinds", "one-to-one", "--pairs", "all"]


class WordyEncoder(ColourEncoder):
    """The colours of ``ColourEncoder``, and a direction for each word besides: no two texts are alike."""

    dim = 67

    def encode_images(self, images: Sequence[ImageInput]) -> FloatArray:
        return np.pad(super().encode_images(images), ((0, 0), (0, 64)))

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        words = np.stack([sum(map(_direction, text.lower().split())) for text in texts])
        rows = np.concatenate([4 * super().encode_texts(texts), words], axis=1).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _direction(word: str) -> FloatArray:
    return np.random.default_rng(list(word.encode())).standard_normal(64)


@pytest.fixture(autouse=True)
def _encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipcoder.encoders.load_encoder", lambda *_, **__: WordyEncoder())
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def server() -> Iterator[LoopbackModel]:
    with serving() as endpoint:
        yield endpoint


@pytest.fixture
def run(tmp_path: Path, server: LoopbackModel) -> Run:
    """Run the command with a file to write to; a language model is the one of this machine."""

    def invoke(*arguments: object, llm: bool = False) -> Result:
        asked = ["--llm", "tiny", "--base-url", server.base_url, "--retries", "1"] if llm else []
        line = ["texts", "generate", *arguments, *asked, "--out", tmp_path / "bank.json"]
        return CliRunner().invoke(main, list(map(str, line)))

    return invoke


@pytest.fixture
def _no_client_and_no_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    monkeypatch.setattr("clipcoder.encoders.load_encoder", lambda *_, **__: pytest.fail("too soon"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "bank.json"


def sentence(result: Result) -> str:
    """Return the only line of a command that refuses, and see that it does so decently."""
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    return line


def test_the_pack_writes_unless_somebody_else_is_named(run: Run, out: Path) -> None:
    result = run(*CLASSES)
    assert result.exit_code == 0
    assert TextBank.load(out) == TextBank.for_classes(NAMES, WordyEncoder())
    assert {t.source.generator for t in TextBank.load(out).texts} > {"knowledge"}


def test_named_wordings_choose_the_data_set_of_the_pack(run: Run, out: Path) -> None:
    assert run("--classes", "forest,river", "--prompts", "eurosat").exit_code == 0
    assert TextBank.load(out) == TextBank.for_classes(["forest", "river"], WordyEncoder(), prompts="eurosat")


def test_wordnet_writes_where_it_is_named(run: Run, out: Path) -> None:
    result = run(*CLASSES, "--source", "wordnet")
    assert result.exit_code == 0
    assert TextBank.load(out) == TextBank.from_wordnet(NAMES, WordyEncoder())
    assert f"wrote {len(TextBank.load(out))} texts to {out}; classes: 3" in result.stderr


def test_names_alone_need_nobody(run: Run, out: Path) -> None:
    assert run(*CLASSES, "--source", "names", "--domain", "a type of pet").exit_code == 0
    assert TextBank.load(out) == TextBank.from_names(NAMES, domain="a type of pet")


def test_a_domain_takes_the_place_of_what_the_prompts_say(
    run: Run, out: Path, server: LoopbackModel, tmp_path: Path
) -> None:
    arguments = [*CLASSES, "--prompts", "oxford-pets", "--source", "llm", "--kinds", "attribute"]
    assert run(*arguments, "--domain", "a type of dog", llm=True).exit_code == 0
    assert all(", a type of dog?" in prompt for prompt in server.prompts)
    assert "a photo of a beagle, a type of dog." in [t.text for t in TextBank.load(out).texts]
    (version,) = {t.source.prompt for t in TextBank.load(out).texts if t.kind == "attribute"}
    assert version != load_prompts("oxford_pets").version("attribute")
    assert run(*CLASSES, "--prompts", "oxford-pets", "--source", "names", "--domain", "").exit_code == 0
    assert "a photo of a beagle." in [t.text for t in TextBank.load(out).texts]


def test_a_domain_without_a_place_is_refused_where_it_would_be_asked(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[questions]\nattribute = "Describe the {name}."\n')
    arguments = [*CLASSES, "--prompts", own, "--domain", "a type of dog"]
    said = sentence(run(*arguments, "--source", "llm", "--kinds", "attribute", llm=True))
    assert "no place for the domain 'a type of dog' in the question for the kind attribute" in said
    assert run(*arguments, "--source", "llm", "--kinds", "synonym", llm=True).exit_code == 0
    assert run(*arguments, "--source", "wordnet").exit_code == 0


def test_a_language_model_writes_all_kinds_with_their_source(
    run: Run, out: Path, server: LoopbackModel
) -> None:
    result = run(*CLASSES, "--source", "llm", llm=True)
    assert result.exit_code == 0, result.output
    bank = TextBank.load(out)
    assert set(bank.text_kind) == {"name", "attribute", "analogue", "synonym"}
    assert {t.source.model for t in bank.texts if t.kind != "name"} == {"tiny"}
    assert all(t.source.prompt.startswith(t.kind) and t.source.date for t in bank.texts if t.kind != "name")
    assert len(server.requests) == 9
    assert "9 requests made; " in result.stderr


def test_both_write_wordnet_first(run: Run, out: Path) -> None:
    assert run(*CLASSES, "--source", "both", "--kinds", "attribute", llm=True).exit_code == 0
    generators = [t.source.generator for t in TextBank.load(out).by_class["beagle"]]
    assert generators == sorted(generators, key=["template", "wordnet", "llm"].index)
    assert set(generators) == {"template", "wordnet", "llm"}


def test_a_second_run_costs_nothing_and_writes_the_same_bytes(
    run: Run, out: Path, server: LoopbackModel
) -> None:
    run(*CLASSES, "--source", "llm", llm=True)
    first, asked = out.read_bytes(), len(server.requests)
    assert run(*CLASSES, "--source", "llm", llm=True).exit_code == 0
    assert (out.read_bytes(), len(server.requests)) == (first, asked)


def test_a_dry_run_counts_the_requests_and_makes_and_writes_none(
    run: Run, out: Path, server: LoopbackModel
) -> None:
    arguments = [*CLASSES, "--source", "llm", "--kinds", "attribute,one-to-one"]
    result = run(*arguments, "--dry-run", llm=True)
    assert result.exit_code == 0
    assert result.stdout.startswith("9 requests of about ")  # 3 attributes, 3 pairs both ways
    assert not server.requests
    assert not list(out.parent.glob("*.json"))
    assert run(*arguments, llm=True).exit_code == 0
    assert len(server.requests) == 9
    assert run(*arguments, "--dry-run", llm=True).stdout.startswith("0 requests")


def test_a_dry_run_without_a_language_model_asks_nobody(run: Run, out: Path) -> None:
    assert "nobody is asked who is paid" in run(*CLASSES, "--dry-run").stdout
    assert not out.exists()


def test_a_budget_that_is_too_small_is_refused_before_anything_is_paid(
    run: Run, out: Path, server: LoopbackModel
) -> None:
    arguments = [*CLASSES, "--source", "llm", "--kinds", "attribute,one-to-one", "--max-requests", "8"]
    assert "9 requests are needed" in sentence(run(*arguments, llm=True))
    assert not server.requests
    assert not list(out.parent.glob("*.json"))


def test_a_budget_that_leaves_nothing_for_asking_again_is_told_and_no_failure(
    run: Run, monkeypatch: pytest.MonkeyPatch, server: LoopbackModel
) -> None:
    monkeypatch.setattr("clipcoder.encoders.load_encoder", lambda *_, **__: ColourEncoder())  # all alike
    arguments = ["--source", "llm", "--kinds", "analogue", "--max-requests", "3"]
    result = run(*CLASSES, *arguments, llm=True)
    assert result.exit_code == 0, result.output
    assert "not asked again, for the budget is spent" in result.stderr
    assert len(server.requests) == 3


def test_what_a_run_will_cost_is_told_before_the_first_request(run: Run, server: LoopbackModel) -> None:
    server.act = status(401)
    result = run(*CLASSES, "--source", "llm", "--kinds", "synonym", llm=True)
    assert result.stderr.startswith(f"clipcoder: asking tiny at {server.base_url}: 3 requests of about ")
    server.act = well
    run(*CLASSES, "--source", "llm", "--kinds", "synonym", llm=True)
    again = run(*CLASSES, "--source", "llm", "--kinds", "synonym", llm=True)
    assert "asking" not in again.stderr
    assert "0 requests made; 0 tokens" in again.stderr


def test_whoever_watches_sees_how_far_a_few_questions_are(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = [*CLASSES, "--source", "llm", "--kinds", "attribute"]
    assert "━" not in run(*arguments, llm=True).stderr
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    assert "━" in run(*arguments, llm=True).stderr


def test_what_is_said_meanwhile_stands_above_the_bar(
    run: Run, server: LoopbackModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipcoder.generators.llm.chat._LONG_REST", 0.2)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    server.script = [well, status(429, {"retry-after-ms": "250"})]
    shown = run(*CLASSES, "--source", "llm", "--kinds", "attribute", llm=True).stderr
    without_colours = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert f"\r\x1b[2Kclipcoder: {server.base_url} wants" in without_colours, "the bar makes room"


def test_a_dry_run_says_what_may_come_on_top(run: Run) -> None:
    dry = [*CLASSES, "--source", "llm", "--dry-run", "--kinds"]
    assert "asked for again, up to 3 times" in run(*dry, "attribute,analogue", llm=True).stdout
    assert "again" not in run(*dry, "attribute", llm=True).stdout
    run(*CLASSES, "--source", "llm", "--kinds", "analogue", llm=True)
    assert "again" not in run(*dry, "analogue", llm=True).stdout, "there is an answer to each"


def test_a_dry_run_sees_whether_the_bank_could_be_written(run: Run, tmp_path: Path) -> None:
    said = sentence(run(*CLASSES, "--dry-run", "--remarks", tmp_path / "absent" / "r.json"))
    assert "--remarks cannot write" in said


def test_tokens_that_the_endpoint_does_not_count_are_about_so_many(run: Run, server: LoopbackModel) -> None:
    server.act = says(json.dumps({"texts": ["long neck"]}), usage=False)
    assert (
        "3 requests made; about " in run(*CLASSES, "--source", "llm", "--kinds", "synonym", llm=True).stderr
    )


@pytest.mark.usefixtures("_no_client_and_no_encoder")
def test_an_extra_that_is_not_installed_is_missed_before_anything_is_done(run: Run, out: Path) -> None:
    said = sentence(run(*CLASSES, "--source", "both", llm=True))
    assert (
        said
        == "clipcoder: asking a language model needs an optional dependency: pip install 'clipcoder[llm]'"
    )
    assert not list(out.parent.glob("*bank*"))


def test_a_key_that_is_not_set_is_missed_before_anything_is_done(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipcoder.encoders.load_encoder", lambda *_, **__: pytest.fail("too soon"))
    arguments = [*CLASSES, "--source", "both", "--key-from", "NOT_SET"]
    assert "environment variable NOT_SET, which is not set" in sentence(run(*arguments, llm=True))


def test_a_dry_run_needs_neither_the_extra_nor_a_key(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    result = run(*CLASSES, "--source", "llm", "--llm", "gpt-5-mini", "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("9 requests of about ")


def test_what_was_used_is_told_where_it_ends_early(run: Run, out: Path, server: LoopbackModel) -> None:
    server.script = [well, well, status(403, message="enough")]
    result = run(*CLASSES, "--source", "llm", "--concurrency", "1", llm=True)
    assert result.exit_code == 2
    _, used, refusal = result.stderr.splitlines()
    assert used.startswith("clipcoder: 3 requests made; ")
    assert "(status 403)" in refusal
    assert not list(out.parent.glob("*bank*"))


def test_ctrl_c_says_that_answers_are_kept_and_leaves_nothing_behind(
    run: Run, out: Path, server: LoopbackModel
) -> None:
    def interrupting(request: Request) -> Reaction:
        os.kill(os.getpid(), signal.SIGINT)
        return well(request)

    server.script = [well, well, interrupting]
    result = run(*CLASSES, "--source", "llm", "--concurrency", "1", llm=True)
    assert result.exit_code == 130
    _, used, stopped = result.stderr.strip().splitlines()
    assert re.match("clipcoder: [34] requests made; ", used)  # the signal may come when the next one is out
    assert stopped.startswith("clipcoder: stopped; the answers so far are kept, and the same command goes on")
    assert not list(out.parent.glob("*bank*"))
    assert run(*CLASSES, "--source", "llm", llm=True).exit_code == 0
    assert len(server.requests) in (9, 10)  # with nothing kept there would be 12 or more


def test_who_is_killed_at_work_leaves_nothing_behind(run: Run, out: Path, server: LoopbackModel) -> None:
    seen: list[Path] = []

    def looking(request: Request) -> Reaction:
        seen.extend(out.parent.glob("*bank*"))
        return well(request)

    server.act = looking
    assert (
        run(*CLASSES, "--source", "llm", "--remarks", out.with_name("bank.r.json"), llm=True).exit_code == 0
    )
    assert server.requests
    assert not seen
    assert sorted(path.name for path in out.parent.glob("*bank*")) == ["bank.json", "bank.r.json"]


@pytest.mark.parametrize("option", ["--remarks", "--pairs-out"])
def test_no_file_is_written_over_another(run: Run, out: Path, option: str) -> None:
    same = out.parent / "." / ".." / out.parent.name / out.name
    said = sentence(run(*PAIRS, option, same))
    assert f"--out and {option} must name two files, but both name " in said
    assert not out.exists()


# One-to-one texts


def test_one_to_one_texts_go_into_a_bank_of_their_own(run: Run, out: Path) -> None:
    result = run(*CLASSES, "--source", "llm", "--kinds", "one-to-one", llm=True)
    pairs = PairBank.load(out.with_name("bank.pairs.json"))
    assert {(t.class_name, t.other) for t in pairs.texts} == {(a, b) for a in NAMES for b in NAMES if a != b}
    assert TextBank.load(out) == TextBank.from_names(NAMES)
    assert f"wrote {len(pairs)} one-to-one texts to " in result.stderr


def test_the_place_of_the_pairs_may_be_named(run: Run, tmp_path: Path) -> None:
    arguments = [*CLASSES, "--source", "wordnet", "--kinds", "one-to-one"]
    assert run(*arguments, "--pairs-out", tmp_path / "p.json").exit_code == 0
    assert {t.source for t in PairBank.load(tmp_path / "p.json").texts} == {Source("wordnet")}
    assert not (tmp_path / "bank.pairs.json").exists()


def test_confusable_pairs_are_the_nearest_by_texts(run: Run, out: Path, server: LoopbackModel) -> None:
    arguments = ["--source", "llm", "--kinds", "one-to-one", "--pairs", "confusable", "--neighbours", "1"]
    run("--classes", "crimson,scarlet,azure,navy", *arguments, llm=True)
    pairs = PairBank.load(out.with_name("bank.pairs.json"))
    asked = {frozenset((t.class_name, t.other)) for t in pairs.texts}
    assert 2 <= len(asked) < 6
    assert len(server.requests) == 2 * len(asked)


def test_confusable_pairs_may_be_those_that_unlabelled_images_confuse(
    run: Run, out: Path, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 8), (128, 0, 127)).save(tmp_path / "photos" / "between.png")
    (tmp_path / "photos" / "broken.png").write_bytes(b"no image")
    photos = ["--images", tmp_path / "photos", "--neighbours", 1]
    result = run("--classes", "tomato,sky,grass", "--kinds", "one-to-one", *photos)
    assert result.exit_code == 0, result.output
    assert "broken.png" in result.stderr
    pairs = PairBank.load(out.with_name("bank.pairs.json"))
    asked = {frozenset((t.class_name, t.other)) for t in pairs.texts}
    assert frozenset(("tomato", "sky")) in asked
    assert len(asked) == 2  # and grass with the one that leads


def test_who_says_how_many_neighbours_wants_no_more_of_a_small_set(run: Run, server: LoopbackModel) -> None:
    run(
        "--classes",
        "crimson,scarlet,azure,navy",
        "--source",
        "llm",
        *PAIRS[2:],
        "--neighbours",
        "1",
        llm=True,
    )
    assert 4 <= len(server.requests) < 12


def test_a_bank_of_pairs_that_nobody_knows_anything_about_is_written_and_empty(run: Run, out: Path) -> None:
    place = out.with_name("bank.pairs.json")
    place.write_text("of an earlier run")
    result = run("--classes", "qwxz,zzyq", "--kinds", "one-to-one")
    assert result.exit_code == 0, result.output
    assert PairBank.load(place) == PairBank(("qwxz", "zzyq"), ())
    assert f"wrote 0 one-to-one texts to {place}" in result.stderr


def test_all_pairs_of_many_classes_are_asked_about_only_where_somebody_has_said_how_many(
    run: Run, server: LoopbackModel
) -> None:
    said = sentence(run(*MANY, "--source", "llm", llm=True))
    assert "--pairs all of 51 classes are 2,550 requests; take --pairs confusable, or say with" in said
    assert run(*MANY, "--source", "llm", "--dry-run", llm=True).stdout.startswith("2,550 requests of about")
    said = sentence(run(*MANY, "--source", "llm", "--max-requests", 2549, llm=True))
    assert "2,550 requests are needed" in said
    assert not server.requests
    assert run(*MANY).exit_code == 0, "WordNet costs nothing"


def test_images_of_which_none_can_be_read_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    result = run(*CLASSES, "--kinds", "one-to-one", "--images", tmp_path / "broken.png")
    assert result.exit_code == 2
    assert "none of the --images can be read" in result.stderr.splitlines()[-1]


# What is left out


def test_what_was_left_out_is_told_and_listed(
    run: Run, out: Path, tmp_path: Path, server: LoopbackModel
) -> None:
    server.act = says(json.dumps({"texts": ["I cannot help with that", "round eyes", "Round eyes."]}))
    arguments = [*CLASSES, "--source", "llm", "--kinds", "attribute", "--remarks", tmp_path / "remarks.json"]
    result = run(*arguments, llm=True)
    assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "remarks.json").read_text())
    assert len(rows) == 6
    assert {row["class"] for row in rows} == set(NAMES)
    assert all(row["dropped"] and row["reason"] for row in rows)
    assert result.stderr.count("left out of attribute of ") == 6
    assert [t.text for t in TextBank.load(out).texts if t.kind == "attribute"] == [
        f"a photo of a {name}, which has round eyes" for name in NAMES
    ]


def test_questions_without_an_answer_are_named_and_make_the_status_1(
    run: Run, out: Path, server: LoopbackModel
) -> None:
    server.script = [says(None, refusal="I will not")]
    result = run(*CLASSES, "--source", "llm", "--kinds", "attribute", "--concurrency", "1", llm=True)
    assert result.exit_code == 1
    assert "no attribute of 'tabby cat': the model declines to answer" in result.stderr
    assert {t.class_name for t in TextBank.load(out).texts if t.kind == "attribute"} == set(NAMES[1:])


def test_a_long_list_of_remarks_is_cut_and_counted(run: Run, server: LoopbackModel) -> None:
    server.act = says(json.dumps({"texts": ["same thing"] * 10}))
    result = run(*CLASSES, "--source", "llm", "--kinds", "attribute", llm=True)
    assert result.stderr.count("left out of attribute of ") == 20
    assert (
        "and 7 more: 27 left out in all, 0 to look at, 0 without an answer; --remarks FILE" in result.stderr
    )


def test_twice_as_many_as_were_asked_for_are_kept(run: Run, out: Path, server: LoopbackModel) -> None:
    server.act = says(json.dumps({"texts": [f"part {'abcdefghijklmnopqrst'[n] * 4}" for n in range(20)]}))
    result = run("--classes", "beagle", "--source", "llm", "--kinds", "attribute", llm=True)
    assert len(TextBank.load(out).keep("attribute")) == 2 * load_prompts().counts["attribute"] == 16
    assert "the first of 4 above the limit of 16" in result.stderr


def test_a_list_that_is_cut_names_the_file_that_has_all(
    run: Run, tmp_path: Path, server: LoopbackModel
) -> None:
    server.act = says(json.dumps({"texts": ["same thing"] * 10}))
    listed = tmp_path / "remarks.json"
    arguments = [*CLASSES, "--source", "llm", "--kinds", "attribute", "--remarks", listed]
    assert f"0 without an answer; {listed} lists them" in run(*arguments, llm=True).stderr
    assert len(json.loads(listed.read_text())) == 27


# Refusals


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "name the classes"),
        (["--classes", "cat,Cat"], "'cat' and 'Cat' are the same"),
        ([*CLASSES, "--kinds", "atribute"], "unknown kind of text 'atribute': did you mean 'attribute'"),
        ([*CLASSES, "--kinds", ","], "--kinds must name at least one of attribute, analogue"),
        ([*CLASSES, "--source", "names", "--kinds", "one-to-one"], "--source names has nobody"),
        ([*CLASSES, "--source", "llm"], "name the language model to ask, such as --llm gpt-5-mini"),
        ([*CLASSES, "--llm", "tiny"], "--llm needs --source llm or both"),
        ([*CLASSES, "--max-requests", "5"], "--max-requests needs --source llm or both"),
        ([*CLASSES, "--source", "llm", "--llm", "tiny"], "environment variable OPENAI_API_KEY, which is not"),
        ([*CLASSES, "--source", "llm", "--llm", "t", "--base-url", "x"], "base_url"),
        ([*CLASSES, "--pairs", "confusable"], "--pairs is about one-to-one texts; name one-to-one among the"),
        ([*CLASSES, "--images", "x"], "--images is about one-to-one texts"),
        ([*CLASSES, "--neighbours", "2"], "--neighbours is about one-to-one texts"),
        ([*CLASSES, "--pairs-out", "p.json"], "--pairs-out is about one-to-one texts"),
        (
            [*PAIRS, "--pairs", "all", "--images", "x"],
            "--pairs all takes every pair, but --images picks some",
        ),
        (
            [*PAIRS, "--pairs", "all", "--neighbours", "2"],
            "but --neighbours picks some; leave one of them out",
        ),
        (["--classes", "cat", "--kinds", "one-to-one"], "but 'cat' is the only one; name others"),
        ([*CLASSES, "--prompts", "cubs"], "unknown set of prompts 'cubs': did you mean"),
        ([*CLASSES, "--prompts", "absent.toml"], "cannot read absent.toml"),
        ([*CLASSES, "--remarks", "remarks.txt"], "--remarks must name a file that ends in .json"),
        ([*CLASSES, "--images", "absent.*", "--kinds", "one-to-one"], "there is no image in 'absent.*'"),
    ],
)
def test_what_makes_no_sense_is_answered_in_a_sentence(
    run: Run, out: Path, arguments: list[str], expected: str
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert expected in result.stderr.splitlines()[-1]
    assert not list(out.parent.glob("*bank*"))


def test_an_endpoint_that_refuses_is_answered_in_a_sentence_and_writes_nothing(
    run: Run, out: Path, server: LoopbackModel
) -> None:
    out.write_text("older")
    server.act = status(404, message="no such model")
    result = run(*CLASSES, "--source", "llm", llm=True)
    assert result.exit_code == 2
    asking, refusal = result.stderr.splitlines()
    assert asking.startswith(f"clipcoder: asking tiny at {server.base_url}: 9 requests")
    assert "knows no model 'tiny'" in refusal
    assert out.read_text() == "older"
    assert [path.name for path in out.parent.glob("*bank*")] == ["bank.json"]


def test_the_key_goes_to_the_endpoint_and_nowhere_else(
    run: Run, tmp_path: Path, server: LoopbackModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOUSE_KEY", "sk-very-secret-0123456789")
    server.script = [echo(), echo(429)]
    result = run(
        *CLASSES, "--source", "llm", "--key-from", "HOUSE_KEY", "--remarks", tmp_path / "r.json", llm=True
    )
    assert result.exit_code == 0, result.output
    assert {request.headers["authorization"] for request in server.requests} == {
        "Bearer sk-very-secret-0123456789"
    }
    assert "very-secret" not in result.output
    files = [path for folder in (tmp_path, cache_folder()) for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 9
    assert not [path for path in files if b"very-secret" in path.read_bytes()]


def test_a_generated_bank_and_its_pairs_classify(run: Run, out: Path, tmp_path: Path) -> None:
    run("--classes", "tomato,sky,grass", "--kinds", "attribute,one-to-one")
    Image.fromarray(np.full((8, 8, 3), (255, 0, 0), np.uint8)).save(tmp_path / "red.png")
    line = [
        "classify",
        tmp_path / "red.png",
        "--texts",
        out,
        "--pairs",
        out.with_name("bank.pairs.json"),
        "--json",
    ]
    result = CliRunner().invoke(main, list(map(str, line)))
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["label"] == "tomato"
