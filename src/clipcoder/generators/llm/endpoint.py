"""Where a language model is reached: an address that may be written down, and the key for it.

A key goes to one endpoint only, the one that it was named for. What is written down of an address (in
answers, messages, logs) is scheme, host, port and path; so nothing else is accepted in it.
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from clipcoder.errors import InvalidInputError, LanguageModelError

OPENAI_URL: Final = "https://api.openai.com/v1"
OPENAI_KEY: Final = "OPENAI_API_KEY"
OPENAI_BASE_URL: Final = "OPENAI_BASE_URL"
"""The environment variables that the official client reads, too."""

_PORTS: Final = {"http": 80, "https": 443}
_INSIDE: Final = (".local", ".lan", ".internal", ".home.arpa")
_BARE_NAME = re.compile(r"(?!0x)[a-z0-9_-]*[a-z_-][a-z0-9_-]*")
"""A host without a domain; not a number, which is an address, and no sign that stands for a dot."""
_PRINTABLE = re.compile(r"[!-~]+")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """A secret that opens an endpoint.

    Attributes:
        variable: the environment variable that held it; messages name this.
        secret: the key itself, which no representation shows.

    >>> Key("OPENAI_API_KEY", "sk-123")
    Key(variable='OPENAI_API_KEY')
    """

    variable: str
    secret: str = field(repr=False)


def checked_url(url: str, name: str) -> str:
    """Return the address of an endpoint in its one spelling: scheme, host, port and path.

    Args:
        url: the address as it was given.
        name: what to call it in a message.

    Raises:
        InvalidInputError: no address, or one that holds credentials or a query, which are not repeated.

    >>> checked_url("HTTP://LocalHost:11434/v1/", "base_url")
    'http://localhost:11434/v1'
    """
    parts = _split(url, name)
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise InvalidInputError(
            f"{name} must hold no user name, password, query or fragment, for it is written down with each "
            "answer; put the key into an environment variable and name that one as key_from (--key-from)"
        )
    host = str(parts.hostname)
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"


def _split(url: str, name: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        sound = (
            parts.scheme in _PORTS
            and parts.hostname
            and parts.port != 0
            and not re.search(r"\s", url.strip())
        )
    except ValueError:  # a port that is no number, half an IPv6 address
        sound = False
    if not sound:
        came = "is another thing" if re.search(r"[@?#]", url) else f"is {url.strip()!r}"  # no password
        raise InvalidInputError(f"{name} must be an address such as http://localhost:11434/v1, but it {came}")
    return parts


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine.

    >>> is_loopback("http://127.0.0.1:8000/v1"), is_loopback("https://api.openai.com/v1")
    (True, False)
    """
    host = str(urlsplit(url).hostname)
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_inside(url: str) -> bool:
    """Tell whether an address is one of a network of one's own, as far as its name says.

    >>> is_inside("http://192.168.1.7/v1"), is_inside("http://gpu-box/v1"), is_inside("http://example.com")
    (True, True, False)
    """
    host = str(urlsplit(url).hostname)
    try:
        address = ip_address(host)
    except ValueError:
        return bool(_BARE_NAME.fullmatch(host)) or host.endswith((*_INSIDE, ".localhost"))
    return not address.is_global


def read_key(variable: str) -> Key | None:
    """Return the key that an environment variable holds; None where it is not set, or blank.

    Raises:
        LanguageModelError: what it holds cannot be sent; it is not repeated.
    """
    key = Key(variable, os.environ.get(variable, "").strip())  # no bare secret for a traceback to show
    if not key.secret:
        return None
    if not _PRINTABLE.fullmatch(key.secret):
        raise LanguageModelError(
            f"the key in the environment variable {variable} must be letters, digits and signs without a "
            "space between them, but it holds something else; set it anew"
        )
    return key


def check_way(url: str, key: Key | None) -> None:
    """Refuse to send a key in the clear over the internet; warn where it goes over a network of one's own.

    Raises:
        LanguageModelError: plain http to a host that is neither this machine nor on a private network.
    """
    if key is None or url.startswith("https:") or is_loopback(url):
        return
    if not is_inside(url):
        raise LanguageModelError(
            f"the key in {key.variable} is not sent to {url}, for anybody on the way could read it; "
            "use an address that begins with https"
        )
    log.warning("the key in %s goes to %s unencrypted; https would keep it secret", key.variable, url)
