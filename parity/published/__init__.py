"""What runs beside the published code, in an interpreter that has torch: ``python -m parity.published``.

Nothing here knows clipcoder, and nothing of the published code is here: it is imported from the checkout.
What it wants from outside (a CLIP model, loaders of photos, a GPU) is stood in for.
"""
