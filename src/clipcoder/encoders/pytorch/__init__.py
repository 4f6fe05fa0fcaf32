"""Models of open_clip and transformers, which need torch."""
