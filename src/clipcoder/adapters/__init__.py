"""From a few labelled images to better scores: rules of few-shot classification, on arrays."""
