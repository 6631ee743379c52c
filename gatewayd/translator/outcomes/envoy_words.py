"""Envoy's words about a refused response -> what they say of one listener.

Envoy lists what it refuses of a response, one listener a line, each as "NAME: REASON". Ports of a Gateway belong to
many teams, so that a listener's status shows no more than what was said of its own port.
https://github.com/envoyproxy/envoy/blob/v1.36.0/source/common/listener_manager/lds_api.cc
"""

import re
from typing import Final

from gatewayd.ir.outcome import Rejection

_LIST: Final = "Error adding/updating listener(s) "
_ENTRY: Final = re.compile(r"^(?P<name>(?:tcp|udp)-[0-9]{1,5}): ", re.MULTILINE)
TOGETHER: Final = "it came with other listeners in a response that was refused; an Event of the Gateway has the words"


def own_words(rejection: Rejection, name: str) -> str:
    """Return what a rejection says of the listener of that name, on one line."""
    _, listed, text = rejection.message.partition(_LIST)
    if listed:
        return " ".join(_entries(text).get(name, TOGETHER).split())
    return " ".join(rejection.message.split()) if rejection.names == (name,) else TOGETHER


def _entries(text: str) -> dict[str, str]:
    starts = [*_ENTRY.finditer(text)]
    ends = [*(each.start() for each in starts[1:]), len(text)]
    return {start["name"]: text[start.end() : end] for start, end in zip(starts, ends, strict=True)}
