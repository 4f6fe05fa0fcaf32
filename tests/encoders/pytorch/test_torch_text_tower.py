"""Text towers that cannot see behind the end token are cut there, and compute the same."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("open_clip", reason="these are open_clip's towers: `make test-torch`")

import open_clip
import torch
from tiny_models import VIT

from clipcoder.encoders.pytorch.text_tower import text_tower


@pytest.mark.parametrize("projection", [{"proj_bias": True}, {"proj_type": "none"}, {}])
def test_a_tower_that_reads_a_named_end_token_is_cut_there(projection: dict[str, Any]) -> None:
    text = {**VIT["text_cfg"], "pool_type": "eos", "eos_id": 7, **projection}
    torch.manual_seed(0)
    model = open_clip.model.CustomTextCLIP(VIT["embed_dim"], VIT["vision_cfg"], text).eval()
    ids = torch.tensor([[3, 9, 7, 5, 7], [1, 2, 3, 4, 7]])
    whole = torch.nn.functional.pad(ids, (0, 72))
    tower = text_tower(model)
    assert tower.is_cut
    assert tower.lengths(ids).tolist() == [3, 5]
    with torch.inference_mode():
        torch.testing.assert_close(tower(ids), model.encode_text(whole))
        torch.testing.assert_close(tower(ids[:1, :3]), model.encode_text(whole[:1]))


@pytest.mark.parametrize("change", [{"embed_cls": True}, {"pool_type": "last"}, {"no_causal_mask": True}])
def test_other_towers_are_left_whole(change: dict[str, Any]) -> None:
    text = {**VIT["text_cfg"], "context_length": 9, **change}
    model = open_clip.model.CustomTextCLIP(VIT["embed_dim"], VIT["vision_cfg"], text).eval()
    tower, ids = text_tower(model), torch.ones(2, 9, dtype=torch.long)
    assert not tower.is_cut
    with torch.inference_mode():
        torch.testing.assert_close(tower(ids), model.encode_text(ids))
