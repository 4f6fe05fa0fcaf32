"""The gates: what every text of the pack must hold to, as a program that names each text which does not.

Gates find what can be told from words alone. They do not know what is true.
"""
