"""Classify images with nothing but class names, or a few examples, by CLIP's cross-modal neighbours."""
