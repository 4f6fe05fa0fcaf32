"""From a few labelled images to better scores: rules of few-shot classification, on arrays.

``methods.fit`` tunes and fits any of them by name, to a ``Support`` of labelled images and texts; what comes
out is a head that scores images (``heads``) and the evidence by leave-one-out (``fitted``).
``cache`` lets labelled images vote (Tip-Adapter, CODER-Adapter; paper, section 3.5), ``sweep`` finds exactly
how much their votes should count, and ``gaussian`` is a discriminant that starts from the texts.
"""
