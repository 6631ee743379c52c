"""What Envoy may do with a request, by what `explain` says: one answer, or one of several where chance decides."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from gatewayd.explain.action import BackendShare, Direct, Forwarded, Redirected, backend_name
from gatewayd.explain.policies import SectionInForce
from gatewayd.explain.request import Answered, Sent
from gatewayd.explain.trace import Passed, Taken, Trace, Untaken
from gatewayd.ir.backend import Protocol, ServiceBackend
from gatewayd.ir.proxy import ProxyConfig
from tests.feature.harness.http1 import Answer

CLOSED: Final = 0
"""The status of a connection that was closed without an answer."""

UNREACHABLE: Final = 503
_STATUSES: Final = {"authorization": (403,), "rateLimit": (429,), "body": (413,), "apiKeys": (401,)}
"""What sections of policies may answer; addresses of clients are known, so that `explain` decides by them itself."""

_GRPC_OF: Final = {400: 13, 401: 16, 403: 7, 404: 12, 429: 8, 502: 14, 503: 14, 504: 14}
"""https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md; for a limit of ours RESOURCE_EXHAUSTED."""
_UNKNOWN: Final = 2

_SET: Final = re.compile(r"set request header (\S+): (.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """An answer that is right: of a backend that saw `target`, or of Envoy itself when that is None.

    None of the others stands for whatever it is; `seen` are headers that the backend must have got.
    """

    status: int
    route: str | None = None
    location: str | None = None
    target: str | None = None
    host: str | None = None
    seen: tuple[tuple[str, str], ...] = ()

    def fits(self, answer: Answer | None) -> bool:
        """Say whether an answer (None: the connection was closed) is this one."""
        if answer is None:
            return self.status == CLOSED
        if not _status_fits(self.status, answer) or (self.target is None) != (answer.backend is None):
            return False
        if self.location is not None and answer.one("location") != self.location:
            return False
        if self.target is None:
            return self.route is None or answer.one("x-route") in (self.route, None)
        return (
            answer.echo["path"] == self.target
            and answer.one("x-route") == self.route
            and (self.host is None or answer.seen("host") == [self.host])
            and all(answer.seen(name) == [value] for name, value in self.seen)
        )


_REFUSED: Final = tuple(Possible(status=status) for status in (401, 403, 500, 503))
"""What a client gets who cannot prove who it is, or for whom nobody consents."""


def _status_fits(status: int, answer: Answer) -> bool:
    """Say whether it is this status; to a client of gRPC Envoy says it in the terms of that."""
    code = answer.one("grpc-status")
    if code is not None and answer.backend is None:
        return int(code) == _GRPC_OF.get(status, _UNKNOWN)
    return answer.status == status


def possible(trace: Trace, config: ProxyConfig, sent: Sent) -> tuple[Possible, ...]:
    """Return the answers of which one must come."""
    ends = tuple(_ends(trace, config, sent))
    if trace.asked:
        # Nobody in a world answers an authorization request, and what is not consented to is refused.
        return (*_REFUSED, *(each for each in ends if each.target is None))
    return ends


def _ends(trace: Trace, config: ProxyConfig, sent: Sent) -> Iterator[Possible]:
    end = trace.end
    match end:
        case Taken():
            yield from _taken(end, config, sent)
        case Untaken():
            yield Possible(status=end.status)
        case Answered():
            yield Possible(status=end.status, location=end.location or None)
        case Passed():
            yield from _passed(end, config, sent)
        case _:
            assert_never(end)


def _taken(end: Taken, config: ProxyConfig, sent: Sent) -> Iterator[Possible]:
    # An Ingress has no filter by which it could name itself.
    own = f"{end.rule.namespace}/{end.rule.name}.{end.rule.rule}"
    name = None if end.rule.kind == "Ingress" else own
    happening = end.happening
    yield from (Possible(status=status) for each in end.policies for status in _by_policy(each))
    match happening:
        case Direct():
            yield from _REFUSED if _is_shut(happening.changes) else (Possible(status=happening.status),)
        case Redirected():
            yield from _REFUSED if _is_shut(happening.changes) else ()
            if not _is_shut(happening.changes):
                yield Possible(status=happening.status, location=happening.location, route=name)
        case Forwarded():
            for share in happening.shares:
                if share.part:
                    yield from _forwarded(share, name, config, sent)
        case _:
            assert_never(happening)


def _by_policy(section: SectionInForce) -> tuple[int, ...]:
    """Return the statuses that a section may answer with, which is in force for a rule whatever the rule does."""
    name = section.path.rpartition(".")[2]
    if name == "fault":
        return (json.loads(section.value)["abort"]["status"],)
    return _STATUSES.get(name, ())


def _is_shut(changes: tuple[str, ...]) -> bool:
    """Say whether none of the clients of a world come in: they have no key, and nobody consents."""
    return any("else a 401" in each or "consents" in each for each in changes)


def _forwarded(share: BackendShare, name: str | None, config: ProxyConfig, sent: Sent) -> Iterator[Possible]:
    if _is_shut(share.changes):
        yield from _REFUSED
    elif share.problem:
        yield from (Possible(status=status, route=name) for status in (500, UNREACHABLE))
    elif share.backend not in _reachable(config):
        yield Possible(status=UNREACHABLE, route=name)
    else:
        headers = tuple(found.groups() for each in share.changes if (found := _SET.fullmatch(each)))
        seen = tuple((header.lower(), value) for header, value in headers if header.lower() != "host")
        mark = sent.target.partition("?")
        yield Possible(status=200, route=name, target=share.path + mark[1] + mark[2], host=share.host, seen=seen)


def _passed(end: Passed, config: ProxyConfig, sent: Sent) -> Iterator[Possible]:
    reached = [each for each in end.shares if not each.problem and each.backend in _reachable(config)]
    if len(reached) < len(end.shares) or sent.scheme == "https":  # no backend has a certificate of its own
        yield Possible(status=CLOSED)
    if any(each.part for each in reached):
        yield Possible(status=200, target=sent.target)


def _reachable(config: ProxyConfig) -> frozenset[str]:
    """Return the backends that speak as Envoy does with them: none of the rig's has a certificate, or another host."""
    return frozenset(
        backend_name(ServiceBackend(upstream=each.upstream))
        for each in config.clusters
        if each.tls is None and each.upstream.kind == "Service" and each.upstream.protocol is not Protocol.UDP
    )
