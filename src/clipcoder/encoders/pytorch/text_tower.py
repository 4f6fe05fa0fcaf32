"""The text towers of open_clip, run on no more tokens than they look at.

A causal tower that reads the feature off at the end token cannot see what stands behind it: cut there, and to
the longest text of a batch, it computes the same from a fraction of CLIP's 77 tokens. open_clip's own
``encode_text`` takes rows of the full length only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch
    from torch import Tensor

_END_POOLING: Final = ("argmax", "eos")


def text_tower(model: Any) -> torch.nn.Module:
    """Return a module from token ids to text features, which ``lengths`` says how to cut.

    Args:
        model: any model of open_clip.

    Returns:
        A module whose attribute ``is_cut`` says whether rows may be cut, and whose method ``lengths`` returns
        how many tokens of each row count, of shape (n,); int64 ids (n, length) in, (n, dim) out.
    """
    from torch import nn

    class WholeTexts(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
        """The tower as it is."""

        is_cut = False

        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, text: Tensor) -> Tensor:
            features: Tensor = self.model.encode_text(text)
            return features

    class CutTexts(WholeTexts):
        """The same tower, for rows of any length."""

        is_cut = True

        def __init__(self, model: Any) -> None:
            super().__init__(model)
            self.tower = _causal_tower(model)
            self.eos_id = _eos_id(self.tower)

        def lengths(self, text: Tensor) -> Tensor:
            return self._ends(text) + 1

        def forward(self, text: Tensor) -> Tensor:
            import torch

            tower, length = self.tower, text.shape[1]
            x = tower.token_embedding(text) + tower.positional_embedding[:length]
            x = tower.ln_final(tower.transformer(x, attn_mask=tower.attn_mask[:length, :length]))
            x = x[torch.arange(len(x), device=x.device), self._ends(text)]
            return _projected(x, tower.text_projection)

        def _ends(self, text: Tensor) -> Tensor:
            """Return where each row's end token is: CLIP's has the highest id, others are known by theirs."""
            ends = text if self.eos_id is None else (text == self.eos_id).int()
            return ends.argmax(dim=-1)

    return WholeTexts(model) if _causal_tower(model) is None else CutTexts(model)


def _causal_tower(model: Any) -> Any:
    """Return the module that holds a causal tower's parts, or None if it is no such tower."""
    tower = getattr(model, "text", model)
    causal = getattr(tower, "attn_mask", None) is not None
    plain = getattr(tower, "cls_emb", None) is None and not getattr(tower, "use_pad_mask", False)
    return tower if causal and plain and _pooling(tower) in _END_POOLING else None


def _pooling(tower: Any) -> str | None:
    """Return how a tower makes one row of many; open_clip has two names for it."""
    pooling: str | None = getattr(tower, "text_pool_type", None) or getattr(tower, "pool_type", None)
    return pooling


def _eos_id(tower: Any) -> int | None:
    if _pooling(tower) == "argmax":
        return None
    eos_id: int = getattr(tower, "text_eos_id", None) or tower.eos_id
    return eos_id


def _projected(x: Tensor, projection: Any) -> Tensor:
    from torch import nn

    if projection is None:
        return x
    projected: Tensor = projection(x) if isinstance(projection, nn.Module) else x @ projection
    return projected
