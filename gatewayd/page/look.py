"""The query of a page's address -> what somebody looks at, and the request that the form asks about.

Nothing is believed: what cannot be read is said on the page, and nothing else happens.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gatewayd.explain.request import Sent
from gatewayd.ir.filters import Header

LONGEST: Final = 2_000
"""Characters of one field: as long as an address that browsers send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`words` in lower case are looked for; `gateway` as NAMESPACE/NAME, "" for the first."""

    words: str
    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the form asks: `sent` None while it is empty, `port` None for the usual one, `fault` what is wrong."""

    url: str
    method: str
    headers: str
    sent: Sent | None
    port: int | None
    fault: str


def look(query: Mapping[str, str]) -> Look:
    """Read what is looked at."""
    return Look(words=query.get("q", "")[:LONGEST].strip().lower(), gateway=query.get("gateway", "")[:LONGEST])


def question(query: Mapping[str, str]) -> Question:
    """Read the form: an address such as `http://shop.example/cart?x=1`, a method, and a header in each line."""
    url, method = query.get("url", "")[:LONGEST].strip(), query.get("method", "GET")[:LONGEST].strip() or "GET"
    headers = query.get("headers", "")[:LONGEST]
    faulty = [line for line in headers.splitlines() if line.strip() and ":" not in line]
    scheme, _, rest = url.rpartition("://")
    host, slash, path = rest.partition("/")
    port, port_fault = _port(host)
    fault = ""
    if url and scheme not in ("", "http", "https"):
        fault = f"address: {scheme}:// is no scheme of a Gateway; http:// and https:// are allowed"
    elif url and not host:
        fault = "address: there is no host; such as http://shop.example/cart is allowed"
    elif faulty:
        fault = f"headers: {faulty[0]!r} has no colon; NAME: VALUE is allowed, one in each line"
    sent = Sent(
        scheme=scheme or "http",
        method=method.upper(),
        host=host,
        target=f"{slash or '/'}{path}",
        headers=tuple(_header(line) for line in headers.splitlines() if ":" in line),
    )
    fault = fault or (port_fault if url else "")
    return Question(
        url=url, method=method.upper(), headers=headers, sent=None if fault or not url else sent, port=port, fault=fault
    )


def _port(host: str) -> tuple[int | None, str]:
    """Return the port of "host:port", None for none, and what is wrong with it."""
    _, colon, text = host.rpartition(":")
    if not colon or "]" in text:
        return None, ""
    if text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65_536:
        return int(text), ""
    return None, f"address: port {text!r} is none; 1 to 65535 is allowed"


def _header(line: str) -> Header:
    name, _, value = line.partition(":")
    return Header(name=name.strip(), value=value.strip())
