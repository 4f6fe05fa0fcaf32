"""The published implementation of CODER beside this one, on the same features and texts: ``make parity``.

``published`` runs the published functions, imported from a checkout of github.com/YCaigogogo/CVPR24-CODER
that is neither edited nor copied, in a process of its own with torch. ``ours`` computes the same with
clipcoder, each known mistake of the published code a switch. What agrees, image by image, and what each
mistake changes goes to the terminal and into docs/parity.md.
"""
