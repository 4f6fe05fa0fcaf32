"""Neighbour texts from a language model behind any OpenAI-compatible endpoint (paper, section 3.3).

From the outside in:

- ``generator``: questions in, replies out; ``answers`` keeps on disk what was paid for.
- ``crew``: many questions at once, in the background.
- ``chat``: one question, patiently; with ``budget`` (what may be spent), ``dialect`` (what the endpoint
  understands), ``refusals`` (what its errors mean) and ``completion`` (what its answers hold).
- ``wire``: one request by the official client; with ``secrecy`` (the key is in nothing that is said).
- ``language_model`` and ``endpoint``: the settings, the address and the key.

Beside them, what a model has said becomes snippets: ``parsing``, with ``json_strings``, ``markup`` and
``declining``.
"""

from clipcoder.generators.llm.language_model import LanguageModel

__all__ = ["LanguageModel"]
