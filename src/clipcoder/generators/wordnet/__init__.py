"""WordNet as a writer of neighbour texts: offline, from the nouns that the package carries."""
