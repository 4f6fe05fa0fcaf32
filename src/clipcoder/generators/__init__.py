"""Writers of neighbour texts: each gives, for a class name and a kind of text, a list of short texts."""
