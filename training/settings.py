"""Every number that shapes the starter, in one place. Chosen by ``python -m training.validate``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What a run of the training depends on, besides the data and the published towers."""

    seed: int = 0

    # The text tower: a table distilled from a sentence encoder.
    text_dim: int = 192
    n_pairs: int = 16_000
    """Pairs of neighbouring word pieces that get a vector of their own."""
    gloss_weight: float = 3.0
    """How much a name is drawn to its definitions: 0 leaves the sentence encoder's own idea of the name."""
    epochs: int = 6
    learning_rate: float = 0.01
    batch_size: int = 1024

    # The shared space.
    temperature: float = 2.0
    """Of the image's class probabilities."""
    keep: int = 50
    power: float = 3.0
    sharpness: float = 4.0
    ridge: float = 0.3
    """Of the regression, for class anchors."""
    group_ridge: float = 1.0
    """Of the regression, for groups of classes."""
    photo_ridge: float = 1.0
    """Of the regression, for captioned photos: they are noisier than classes."""
    photo_weight: float = 0.5
    """Length of a photo's target in units of a class's."""
    group_power: float = 1.0
    """How a group's weight is shared among its members: divided by their number to this power."""
    largest_group: int = 100
    """Of classes; what is more general says too little of a photo."""
    mix: float = 0.5
    relative_dim: int = 512
    feature_dim: int = 512
