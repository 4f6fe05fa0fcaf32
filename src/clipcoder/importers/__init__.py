"""Importers: files of texts that people already have become banks, matched with their classes by name."""

from clipcoder.importers.formats import FORMATS
from clipcoder.importers.importing import Imported, import_texts
from clipcoder.importers.matching import Matching, match_classes

__all__ = ["FORMATS", "Imported", "Matching", "import_texts", "match_classes"]
