"""What is done to the headers of a request before anything else, its route included.

In: the table of headers that clients may not write, and what policies say of clients. Out: an extension of the
connection manager.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.extensions.http.early_header_mutation.header_mutation.v3 import header_mutation_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2

from gatewayd.ir.client_settings import ClientSettings
from gatewayd.ir.edge import NAMES_OF_CLIENTS, PREFIXES_OF_CLIENTS
from gatewayd.xds.encoding import extension
from gatewayd.xds.filters.header import literal

_Mutation = mutation_rules_pb2.HeaderMutation
_FORWARDED = "x-forwarded-"

_OF_HOPS = ("for", "proto")
"""What the proxy right in front tells, where it is known how many there are: Envoy reads both."""
_OF_RANGES = ("for",)
"""Where proxies are known by their addresses: any client may connect beside them, and its scheme is that of its own."""


def other_than(words: Collection[str]) -> str:
    """Return an RE2 expression for every text but these words."""
    heads = dict.fromkeys(word[0] for word in words if word)
    ends = [] if "" in words else [""]
    rest = f"[^{''.join(heads)}].*" if heads else ".+"
    longer = (f"{head}(?:{other_than([word[1:] for word in words if word.startswith(head)])})" for head in heads)
    return "|".join((*ends, rest, *longer))


@cache
def _hidden(spared: tuple[str, ...]) -> Any:
    """Return what takes away the headers that clients may not write, but for some that begin with X-Forwarded-."""
    prefixes = [f"{prefix}.*" for prefix in PREFIXES_OF_CLIENTS if not spared or prefix != _FORWARDED]
    others = [f"{_FORWARDED}(?:{other_than(spared)})"] if spared else []
    # One expression costs a request a quarter of what a mutation for each name does.
    return removal("|".join((*prefixes, *others, *NAMES_OF_CLIENTS)))


def removal(pattern: str) -> Any:
    """Return what takes away the headers whose whole names match an RE2 expression."""
    matcher = string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=pattern))
    return _Mutation(remove_on_match=_Mutation.RemoveOnMatch(key_matcher=matcher))


def mutations(*each: Any) -> list[Any]:
    """Return the extension that does mutations, in their order."""
    mutation = header_mutation_pb2.HeaderMutation(mutations=each)
    return [extension("envoy.http.early_header_mutation.header_mutation", mutation)]


def early_mutation(clients: ClientSettings, *more: Any) -> list[Any]:
    """Return the extension that takes away what clients may not write, does as policies say, and then does `more`."""
    spared = _OF_HOPS if clients.trusted.hops else _OF_RANGES if clients.trusted.ranges else ()
    removed = [_Mutation(remove=name) for name in clients.headers.early_remove]
    written = [_Mutation(append=literal(header)) for header in clients.headers.early_set]
    return mutations(_hidden(spared), *removed, *written, *more)
