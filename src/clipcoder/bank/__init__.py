"""Banks of neighbour texts: what stands around each class in the space that images and texts share."""

from clipcoder.bank.control import random_words
from clipcoder.bank.entries import BankText, PairText
from clipcoder.bank.pair_bank import PairBank
from clipcoder.bank.text_bank import TextBank

__all__ = ["BankText", "PairBank", "PairText", "TextBank", "random_words"]
