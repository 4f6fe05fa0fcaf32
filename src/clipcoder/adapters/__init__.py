"""From a few labelled images to better scores: rules of few-shot classification, on arrays.

``cache`` lets labelled images vote (Tip-Adapter, CODER-Adapter; paper, section 3.5), ``sweep`` finds exactly
how much their votes should count, and ``gaussian`` is a discriminant that starts from the texts.
"""
