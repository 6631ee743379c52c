"""What is fetched of token issuers: where it is, how to get there, and what has come.

Mostly that are key sets; of an OpenID provider it may be what it says of itself.
"""

from dataclasses import dataclass

from gatewayd.ir.backend import Endpoint, Upstream


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySetSource:
    """Where a key set is. `via` is who is asked for `uri`; None: whoever its host stands for on the internet.

    `is_provider`: it is no key set, but what an OpenID provider says of itself.
    """

    uri: str
    via: Upstream | None
    is_provider: bool = False

    def __lt__(self, other: "KeySetSource") -> bool:
        return str(self) < str(other)

    def __str__(self) -> str:
        if self.via is None:
            return self.uri
        return f"{self.uri} at {self.via.kind} {self.via.namespace}/{self.via.name}:{self.via.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySetTarget:
    """How a source is reached now: at these endpoints where it has a `via`, which are none while nobody is there.

    `trusted` are the CAs, in PEM, that its certificate must be of; b"" for those that everybody trusts.
    """

    source: KeySetSource
    endpoints: tuple[Endpoint, ...]
    trusted: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedKeySet:
    """What is known of a source, whose row it is: the last good keys ("": never any), and what is wrong now ("").

    `since`: when these keys came for the first time, "" when that was before this process.
    """

    keys: str
    fault: str
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKeys:
    """A source with its keys."""

    source: KeySetSource
    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyKeySet:
    """A key set that proxies fetch by themselves: from a backend of theirs, for a URI."""

    uri: str
    via: Upstream
