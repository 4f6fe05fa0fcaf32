"""Dual encoders: images and texts into one space."""
