"""How a language model declines to answer, or answers that there is no answer, in the usual English forms."""

from __future__ import annotations

import re

_DECLINES = re.compile(
    r"""(?:(?:unfortunately|but|however|no)[,.]?\s+)*+
    (?: (?:i\ am\ |i'm\ |we\ are\ |we're\ )?(?:very\ |so\ |truly\ |terribly\ )?
        (?:sorry|afraid)(?=[,.!:;]?\s+(?:but|i|i'm|we|that|this|as|there|it)\b|[,.!]?$)
      | (?:my\ )?apologies\b | i\ apologi[sz]e\b
      | (?:i|we)\ (?:cannot|can't|can\ not|could\ not|couldn't|won't|will\ not|do\ not|don't|decline)\b
      | (?:i|we)\ (?:must\ decline|must\ refuse|have\ to\ decline|have\ no|are\ unable|are\ not)\b
      | (?:i|we)\ (?:would\ |might\ )?(?:need|require)\b
      | (?:i'm|i\ am)\ (?:unable|not|just|only|an)\b
      | unable\ to\ (?:answer|help|assist|comply|describe|identify|provide)\b
      | as\ an?\ (?:ai|artificial|(?:large\ )?language\ model|assistant)\b
      | (?:it\ is|it's|there\ is)\ (?:not\ possible|impossible|no\ information|no\ way)\b
      | (?<=no\ )information\ (?:is\ )?(?:available|given)\b
      | (?:please|(?:could|can)\ you(?:\ please)?)\ (?:provide|clarify|specify|give|tell)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_EVADES = re.compile(
    r"""(?:unfortunately,\s+)?
    (?: there\ (?:is|are|was)(?:n't|\ not|\ no|\ many)\ (?:[\w-]+,?\ ){0,4}?answers?\b
      | there's\ (?:not|no)\ (?:[\w-]+,?\ ){0,4}?answers?\b
      | (?:there\ is|there's)\ no\ (?:(?:one|single|set|standard|specific|definitive|definite)\ )+
        (?:[\w-]+\ )?(?:answer|appearance|description|design|look|way)\b
      | (?:(?:this|the|your)\ )?question\ (?:is|are|was|can|cannot|can't|depends|does|seems)\b
      | (?:this|that|it)(?:\ is|'s)\ an?\ (?:\w+\ ){1,2}question\b
      | (?:it|this|that)\ (?:really\ |all\ |just\ )?depends\b
      | (?:the|an|any)\ answers?\ (?:to\ (?:this|that|your)\ question\ )?
        (?:is|are|may|can|will|would|depends?|var(?:y|ies))\b
      | (?:it\ is|it's)\ (?:very\ )?(?:difficult|hard)\ to\ (?:answer|say|tell|describe|generali[sz]e)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SHOWS = 200  # characters by which an answer shows what it is


def is_refusal(text: str) -> bool:
    """Tell whether an answer, or one of its snippets, declines to answer.

    Example:
        >>> is_refusal("I'm sorry, but I can't help with that."), is_refusal("cannot fly")
        (True, False)
    """
    return bool(_DECLINES.match(_start(text)))


def is_evasive(text: str) -> bool:
    """Tell whether a snippet says that there is no answer; one may still follow in the rest of an answer.

    Example:
        >>> is_evasive("There is no definitive answer to this question."), is_evasive("there is no tail")
        (True, False)
    """
    return bool(_EVADES.match(_start(text)))


def _start(text: str) -> str:
    start = text.lstrip(" \t\r\n\"'*_->")[:_SHOWS]
    return " ".join(start.replace("\u2019", "'").split())
