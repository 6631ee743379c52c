"""A script in Lua that requests and responses of a rule pass, as a Route carries it, and what scripts are held to."""

from dataclasses import dataclass
from typing import Final

LUA: Final = "Lua"
"""The language, as a class allows it."""

ENTRIES: Final = ("envoy_on_request", "envoy_on_response")
"""The functions that Envoy calls; a script has one of them at least."""

WITHHELD_NAMES: Final = frozenset(
    {
        "collectgarbage",
        "coroutine",
        "debug",
        "dofile",
        "ffi",
        "getfenv",
        "getmetatable",
        "io",
        "jit",
        "load",
        "loadfile",
    }
    | {"loadstring", "module", "newproxy", "package", "pcall", "print", "require", "setfenv", "xpcall"}
)
"""What reads files, loads code, reaches into the proxy or its log, or catches the end of a script's time."""

WITHHELD_METHODS: Final = frozenset(
    {"bodyChunks", "clearRouteCache", "httpCall", "setHttp1ReasonPhrase", "setUpstreamOverrideHost"}
)
"""What asks servers of others, chooses another route or endpoint, or writes where a line of a response may end.

With `bodyChunks` a script would go on again and again without a new request, and its time could not be told.
"""

KEPT_OF_OS: Final = ("clock", "date", "difftime", "time")
"""What a script has of the table `os`."""

LONGEST_REPEATED: Final = 1 << 20
"""Bytes of what string.rep makes."""

INSTRUCTIONS: Final = 2_000_000
"""After so many without another message a script ends, at the second time: tens of milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Let messages pass a script; whatever fails in it, or takes too long, answers with a 500."""

    code: str
