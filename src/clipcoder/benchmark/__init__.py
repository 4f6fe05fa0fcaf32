"""Benchmarks: what is run (``spec``), what came of it (``rows``), and tables and plots of that.

A row is one cell of a table: an encoder, a data set, a method, its texts, shots and a seed, with everything
that made it. ``running.run`` makes those that a folder of results does not have yet.
"""
