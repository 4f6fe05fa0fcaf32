"""The way from class names to WordNet, with the encoder that ships in the package where none is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clipcoder.generators.base import Generator, TextEncoder


def wordnet_generator(
    class_names: tuple[str, ...], encoder: TextEncoder | None, domain: str = ""
) -> Generator:
    """Return a generator for these classes; the encoder, or else the starter, chooses among senses."""
    from clipcoder.generators.wordnet.generator import WordNetGenerator

    if encoder is None:
        from clipcoder.encoders import load_encoder

        encoder = load_encoder("starter")
    return WordNetGenerator(class_names, encoder, domain=domain)
