"""From a few labelled images to better scores: rules of few-shot classification, on arrays.

``cache`` lets labelled images vote (Tip-Adapter, and CODER-Adapter of the paper's section 3.5), ``sweep`` finds
how much their votes should count, exactly, and ``gaussian`` is a discriminant that starts from the texts.
"""
