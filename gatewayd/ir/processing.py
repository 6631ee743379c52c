"""A server that sees messages on their way and may change them, as a Route carries it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gatewayd.ir.backend import Upstream

DEFAULT_PROCESSING_MS: Final = 200
"""How long each answer of a server may take when nobody says: what Envoy has by itself."""


class ShownBody(StrEnum):
    """How much of a message a server sees beside its headers."""

    NONE = "none"
    WHOLE = "whole"
    PIECES = "pieces"


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """Show `upstream` requests and responses (None: it sees none), and let what it makes of them go on.

    `fails_open`: messages go on while it does not answer within `timeout_ms`; else the request is refused.
    """

    upstream: Upstream
    request: ShownBody | None
    response: ShownBody | None
    timeout_ms: int
    fails_open: bool
