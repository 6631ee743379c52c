"""What every listener takes from clients before a route is asked: one table for the proxies and for `explain`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

UPGRADE: Final = "websocket"
"""The one protocol that a connection may turn to. A wish for another one is ignored, as it may be:
https://www.rfc-editor.org/rfc/rfc9110#section-7.8"""


def _others_than(word: str) -> str:
    """Return an RE2 expression for every text but a word, whatever its case."""
    size = len(word)
    # "\C" is a byte: what is not UTF-8 is no such word either.
    differs = (rf"{word[:at]}[^{letter}]\C*" for at, letter in enumerate(word))
    return "(?i)" + "|".join((rf"\C{{0,{size - 1}}}", rf"\C{{{size + 1},}}", *differs))


IGNORED_UPGRADES: Final = _others_than(UPGRADE)
"""An RE2 expression for the tokens of the header Upgrade that are left out, each by itself."""


_NAME: Final = r"[0-9A-Za-z_-]+(?:\.[0-9A-Za-z_-]+)*"
# Every address, and little else: each filter chain of a proxy has it, so it is short.
_IPV6: Final = r"\[(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{0,4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3})\]"
_PORT: Final = "[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"

AUTHORITY: Final = rf"(?:{_NAME}|{_IPV6})(?::(?:{_PORT}))?"
"""An RE2 expression for the Host (or :authority) that a request must have: a name or an address, perhaps a port.

Nothing else is taken for a host: what stands behind a colon is left out where a host is looked up, so that a user, a
second host or any other text there would reach a backend under a name that is not the one that rules were chosen by. A
list, which is what two lines of Host are, is none either. One dot at the end of the name is taken off before.
https://www.rfc-editor.org/rfc/rfc9112#section-3.2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHeader:
    """A header that a proxy writes, not a client: what clients send under its `name` is taken away.

    A name that ends in "*" stands for all that begin so. `seen` is what a backend sees under it, "" for nothing.
    """

    name: str
    seen: str


CLIENT_HEADERS: Final = (
    ClientHeader(name="x-forwarded-for", seen="the address of the connection"),
    ClientHeader(name="x-forwarded-proto", seen="http or https, as the connection came"),
    ClientHeader(name="x-forwarded-*", seen=""),
    ClientHeader(name="forwarded", seen=""),
    # By these names proxies of various makes, and what runs behind them, call the address of the client.
    ClientHeader(name="x-real-ip", seen=""),
    ClientHeader(name="x-client-ip", seen=""),
    ClientHeader(name="x-cluster-client-ip", seen=""),
    ClientHeader(name="true-client-ip", seen=""),
    ClientHeader(name="cf-connecting-ip", seen=""),
    # Some steer Envoy, the others tell a backend what an Envoy in front of it has done.
    ClientHeader(name="x-envoy-external-address", seen="the address of the connection"),
    ClientHeader(name="x-envoy-*", seen=""),
    ClientHeader(name="x-request-id", seen="a new one for each request"),
    ClientHeader(name="x-gatewayd-*", seen=""),
    # Part of an upgrade that is not done.
    ClientHeader(name="http2-settings", seen=""),
)
"""Which headers of clients are believed: these are not, all others are passed on as they come."""

PREFIXES_OF_CLIENTS: Final = tuple(each.name[:-1] for each in CLIENT_HEADERS if each.name.endswith("*"))
NAMES_OF_CLIENTS: Final = tuple(each.name for each in CLIENT_HEADERS if not each.name.startswith(PREFIXES_OF_CLIENTS))


def is_hidden(name: str) -> bool:
    """Tell whether what a client sends under a name (in lower case) goes no further."""
    return name in NAMES_OF_CLIENTS or name.startswith(PREFIXES_OF_CLIENTS)


class EscapedSlashes(StrEnum):
    """What becomes of a path with %2F or %5C, which some backends take for a slash and others do not.

    A rule must not be passed by because it reads such a path in another way than the backend does. Redirecting or
    unescaping has both read it as slashes; rejecting avoids it; keeping is for backends that never unescape them.
    """

    REDIRECT = "unescape-and-redirect"
    UNESCAPE = "unescape-and-forward"
    REJECT = "reject"
    KEEP = "keep"


DEFAULT_ESCAPED_SLASHES: Final = EscapedSlashes.REDIRECT
