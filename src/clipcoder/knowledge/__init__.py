"""The knowledge that ships: what one sees of the classes of the paper's data sets."""
