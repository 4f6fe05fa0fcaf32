"""Features on disk, found again by what they were made of: nothing is encoded twice.

::

    CACHE/features/FINGERPRINT/encoder.json       whose features these are
                               images/*.parquet   parts that never change: key, embedding
                               texts/*.parquet
                               damaged/*.parquet  parts that could not be read, set aside

A key is the SHA-256 of an image file's bytes or of a text in UTF-8, in hexadecimal; an embedding is a list of
``dim`` float32. So any tool that knows Parquet can use the cache::

    duckdb.sql("SELECT * FROM 'CACHE/features/FINGERPRINT/images/*.parquet' WHERE key = '...'")
    pandas.read_parquet("CACHE/features/FINGERPRINT/images")
    ray.data.read_parquet("CACHE/features/FINGERPRINT/images")

Parts are written beside and renamed, so that a process that is killed leaves a whole part or none; small
ones are merged now and then, so that there are at most a few dozen. An index of 12 bytes a row is held in
memory (ten million rows: 120 MB, read in seconds), and embeddings are read in groups of about 1 MB, of which
the last 256 MB stay in memory. The same row may lie in two parts, where two processes worked at once.
"""

from clipcoder.store.feature_store import FeatureStore
from clipcoder.store.identity import EncoderIdentity
from clipcoder.store.inventory import StoredEncoder
from clipcoder.store.shelf import Shelf

__all__ = ["EncoderIdentity", "FeatureStore", "Shelf", "StoredEncoder"]
