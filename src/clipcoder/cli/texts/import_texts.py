"""``clipcoder texts import``: make banks of files that people already have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from clipcoder.cli.inputs import class_names, tell
from clipcoder.cli.texts.outputs import check_apart, pairs_file
from clipcoder.errors import InvalidInputError

if TYPE_CHECKING:
    from clipcoder.bank import PairBank, TextBank
    from clipcoder.importers import Imported

_CALLED: Final = {
    "reference": "expert knowledge",
    "dclip": "phrases by class",
    "cupl": "sentences by class",
    "csv": "a table",
    "bank": "a bank",
}
_MOST_NAMES: Final = 30
"""How many class names of one kind are told; ``importers.import_texts`` has all of them."""


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--classes", metavar="A,B,C", help="The class names, with commas between them.")
@click.option("--classes-file", type=click.Path(path_type=Path), help="The class names, one a line.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["auto", *_CALLED]),
    default="auto",
    show_default=True,
    help="What the files are, where they should not be read as what they look like.",
)
@click.option("--dataset", metavar="NAME", help="Which data set of an expert-knowledge folder.")
@click.option(
    "--names-file",
    type=click.Path(path_type=Path),
    help="The class names of that data set in its own order, where the folder has none.",
)
@click.option(
    "--partial", "take_partial", is_flag=True, help="Take files that have less than half of the classes, too."
)
@click.option("--prompts", metavar="NAME|FILE.toml", help="Whose sentences become of names and phrases.")
@click.option("--domain", metavar="TEXT", help='What all classes are, such as "a type of bird".')
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The bank, FILE.json.")
@click.option(
    "--pairs-out",
    type=click.Path(path_type=Path),
    help="The bank of texts that tell two classes apart; beside --out as FILE.pairs.json, if not said.",
)
def import_texts(
    paths: Sequence[Path],
    classes: str | None,
    classes_file: Path | None,
    format_name: str,
    dataset: str | None,
    names_file: Path | None,
    take_partial: bool,
    prompts: str | None,
    domain: str | None,
    out: Path,
    pairs_out: Path | None,
) -> int:
    """Write a bank of texts that are there already, of one or several files.

    A PATH is JSON as DCLIP or CuPL publish it, a CSV table, a bank, or the folder of expert knowledge that
    the authors of CODER publish. Classes are matched by name; where none are named, they are those of the
    first file. What matched and what did not is told.

    A table has the columns class and text, and may have kind (name, synonym, attribute, analogue, one-to-one)
    and other (the class that a text tells its own one apart from). Its column text may be called sentence,
    for texts to take as they stand, or snippet, for phrases to make sentences of.
    """
    from clipcoder.generators.catalog import load_prompts
    from clipcoder.importers import import_texts as read

    named = classes is not None or classes_file is not None
    wording = load_prompts(prompts) if prompts else load_prompts()
    read_one = partial(
        read,
        format=format_name,
        dataset=dataset,
        names_file=names_file,
        templates=wording.templates,
        domain=wording.domain if domain is None else domain,
        partial=take_partial,
    )
    imports = _read_all(paths, class_names(classes, classes_file, None) if named else None, read_one)
    if (dataset or names_file) and all(imported.format != "reference" for imported in imports):
        raise InvalidInputError(
            "--dataset and --names-file go with expert knowledge of CODER's authors, but no file is "
            "such; leave them out"
        )
    others = [path for path, imported in zip(paths, imports, strict=True) if imported.format != "bank"]
    _write(imports, others, out, pairs_out)
    return 0


def _read_all(
    paths: Iterable[Path], names: list[str] | None, read_one: Callable[[Path, list[str] | None], Imported]
) -> list[Imported]:
    """Read all files for the same classes, and tell of each what it has."""
    imports = []
    for path in paths:
        imports.append(read_one(path, names))
        names = list(imports[0].texts.class_names)
        for sentence in _report(imports[-1]):
            tell(f"{path.name or path}: {sentence}")
    return imports


def _report(imported: Imported) -> Iterator[str]:
    """Yield what is to be said of one file, all that did not match included."""
    from clipcoder.importers.matching import listing

    matching, count = imported.matching, len(imported.texts.class_names)
    how = "taken as they stand" if imported.ready else "made of its phrases"
    pairs = f" and {len(imported.pairs):,} on pairs" if imported.pairs else ""
    yield (
        f"{_CALLED[imported.format]} with {len(matching.found):,} of {count:,} classes; "
        f"{len(imported.texts):,} texts{pairs}, {how}"
    )
    if matching.respelled:
        spelled = "; ".join(f"{name!r} as {there!r}" for name, there in matching.respelled.items())
        yield f"found in another spelling: {spelled}"
    for name, could_be in matching.ambiguous.items():
        yield f"{name!r} is left out, for it could be any of {listing(could_be, _MOST_NAMES)}"
    if matching.missing:
        yield f"lacks {listing(matching.missing, _MOST_NAMES)}"
    if imported.silent:
        yield f"says nothing about {listing(imported.silent, _MOST_NAMES)}"
    if matching.besides:
        yield f"has besides {listing(matching.besides, _MOST_NAMES)}"
    if imported.dropped:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in imported.dropped.items())
        yield f"texts left out: {reasons}"


def _write(imports: Sequence[Imported], others: Sequence[Path], out: Path, pairs_out: Path | None) -> None:
    """Write one bank of everything, and one of the pairs if there are any."""
    from clipcoder.cli.report import reserved

    texts, pairs = _merged(imports)
    place = (pairs_out or pairs_file(out)) if pairs else None
    _check_places(others, out, place)
    with reserved(out, (".json",), "--out") as file, reserved(place, (".json",), "--pairs-out") as pair_file:
        texts.save(file or out)
        if pairs and pair_file:
            pairs.save(pair_file)
    tell(f"wrote {len(texts):,} texts to {out}; classes: {len(texts.class_names):,}")
    if pairs:
        tell(f"wrote {len(pairs):,} texts on pairs of classes to {place}")
    elif pairs_out:
        tell(f"found no texts on pairs of classes to write to {pairs_out}")


def _check_places(others: Iterable[Path], out: Path, pairs_out: Path | None) -> None:
    """Refuse to write one bank over the other, or over a file that was read and is no bank of ours."""
    places = {"--out": out, "--pairs-out": pairs_out}
    check_apart(places)
    for option, place in places.items():
        if place and place.resolve() in {other.resolve() for other in others}:
            raise InvalidInputError(
                f"{option} must not replace a file that was read and is no bank, but it names '{place}'; "
                "name another file"
            )


def _merged(imports: Sequence[Imported]) -> tuple[TextBank, PairBank | None]:
    from clipcoder.bank import PairBank, TextBank

    texts = reduce(TextBank.merge, (imported.texts for imported in imports))
    pairs = [imported.pairs for imported in imports if imported.pairs]
    return texts, reduce(PairBank.merge, pairs) if pairs else None
