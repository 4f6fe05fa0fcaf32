"""The options by which every command that needs an encoder is told which one, and how it shall compute."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from clipcoder.cli.inputs import tell

if TYPE_CHECKING:
    from clipcoder.encoders.base import Precision, StagedEncoder

STARTER: Final = "starter"
STARTER_NOTE: Final = (
    "using the starter encoder, which is small and meant for a first run; for real work name a CLIP, "
    "such as --model ViT-B-32/openai"
)
PRECISIONS: Final = ("auto", "float32", "float16", "bfloat16", "int8")


@dataclass(frozen=True)
class EncoderChoice:
    """What the options say.

    Attributes:
        model: the name that ``load_encoder`` takes; None is the starter.
        device: where it computes; None leaves that to the encoder.
        precision: its arithmetic, or ``"auto"``.
        batch_size: images at a time; None leaves that to the encoder.
        cache: whether features are kept between runs.
    """

    model: str | None = None
    device: str | None = None
    precision: Precision | Literal["auto"] = "float32"
    batch_size: int | None = None
    cache: bool = True

    def open(self, *, quiet: bool = False) -> StagedEncoder:
        """Load the encoder, with a word about the starter where none was named.

        Its cache is closed when the command ends.

        Raises:
            ClipcoderError: whatever keeps it from being loaded.
        """
        from clipcoder.encoders import load_encoder

        if self.model is None and not quiet:
            tell(STARTER_NOTE)
        encoder = load_encoder(
            STARTER if self.model is None else self.model,
            device=self.device,
            precision=self.precision,
            batch_size=self.batch_size,
        )
        return _with_cache(encoder) if self.cache else encoder


MODEL: Final = "The encoder; by default the starter that comes with the package. clipcoder models lists them."


def encoder_options(command: Callable[..., Any], *, model_help: str = MODEL) -> Callable[..., Any]:
    """Give a command the options, and hand them over as one argument, ``choice``."""

    @functools.wraps(command)
    def with_choice(
        *args: Any,
        model: str | None,
        device: str | None,
        precision: Precision | Literal["auto"],
        batch_size: int | None,
        cache: bool,
        **kwargs: Any,
    ) -> Any:
        choice = EncoderChoice(model, device, precision, batch_size, cache)
        return command(*args, choice=choice, **kwargs)

    for option in reversed((click.option("--model", help=model_help), *_OPTIONS)):
        with_choice = option(with_choice)
    return with_choice


_OPTIONS: Final = (
    click.option("--device", metavar="cpu|cuda", help="Where the encoder computes."),
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        default="float32",
        show_default=True,
        help="Its arithmetic; auto measures once which is fastest here and close enough to float32.",
    ),
    click.option("--batch-size", type=click.IntRange(min=1), help="Images that the encoder takes at a time."),
    click.option(
        "--cache/--no-cache",
        default=True,
        show_default=True,
        help="Keep features, so that nothing is encoded twice.",
    ),
)


def _with_cache(encoder: StagedEncoder) -> StagedEncoder:
    """Put the feature cache in front of an encoder, if it has the stages that one goes between."""
    from clipcoder.encoders.base import StagedEncoder

    if not isinstance(encoder, StagedEncoder):
        return encoder
    from clipcoder.cached import CachedEncoder
    from clipcoder.store import FeatureStore

    store = FeatureStore()
    click.get_current_context().call_on_close(store.close)
    return CachedEncoder(encoder, store)
