"""Labelled images: the data sets of the CODER paper, and anything else that has images and labels."""
