from __future__ import annotations

from clipcoder.bank import TextBank
from clipcoder.bank.unanswered import unanswered


def test_what_declines_and_what_evades_is_found_in_the_order_of_the_bank() -> None:
    said = {
        "owl": ["an owl has round eyes", "It depends on the owl."],
        "emu": ["I'm sorry, but I can't see it.", "cannot fly", "there is no tail"],
    }
    found = unanswered(TextBank.from_texts(said))
    assert [(t.class_name, t.text) for t in found] == [
        ("owl", "It depends on the owl."),
        ("emu", "I'm sorry, but I can't see it."),
    ]
