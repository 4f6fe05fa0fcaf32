"""Neighbour texts from a language model behind any OpenAI-compatible endpoint (paper, section 3.3)."""

from clipcoder.generators.llm.language_model import LanguageModel

__all__ = ["LanguageModel"]
