"""A Trace as lines for people.

In: a Trace, and where objects stand in files. Out: lines without colour.
"""

from collections.abc import Iterator
from typing import assert_never

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.action import BackendShare, Direct, Forwarded, Redirected
from gatewayd.explain.mesh_trace import Call, CallTrace, NotLed, callers
from gatewayd.explain.request import Answered
from gatewayd.explain.rivals import Rival
from gatewayd.explain.trace import Passed, Taken, Trace, Untaken
from gatewayd.manifests.admission import Identity
from gatewayd.manifests.folder import PlaceOf


def trace_lines(trace: Trace, place_of: PlaceOf) -> Iterator[str]:
    """Yield what becomes of the request at one port, then every rule that does not get it."""
    yield f"Gateway {trace.fleet}, port {trace.port}:"
    yield from _trace_body(trace, place_of)


def call_lines(call: Call, traces: tuple[CallTrace, ...] | NotLed, place_of: PlaceOf) -> Iterator[str]:
    """Yield what becomes of a call of a Service, port by port."""
    whole = f"from namespace {call.namespace} to Service {call.service}"
    if isinstance(traces, NotLed):
        yield f"{whole}: {traces.why}"
        return
    for each in traces:
        yield f"{whole}, port {each.port} ({each.frontend}), by routes for {callers(each.frontend.view)}:"
        if isinstance(each.end, NotLed):
            yield f"  {each.end.why}"
        else:
            yield from _trace_body(each.end, place_of)


def _trace_body(trace: Trace, place_of: PlaceOf) -> Iterator[str]:
    yield from (f"  {remark}" for remark in trace.remarks)
    yield from (f"  only if {asked} consents, who may lead it to another rule" for asked in trace.asked)
    yield from (f"  {line}" for line in _end_lines(trace, place_of))
    if trace.rivals:
        yield "  The other rules:"
    for rival in sorted(trace.rivals, key=lambda each: not each.matches):
        yield f"    {_rival_title(rival, place_of)}: {rival.why}"


def rule_place(identity: Identity, field: str, place_of: PlaceOf) -> str:
    """Return `file:line` of a field, "" where the object stands in no file."""
    place = place_of(identity)
    return "" if place is None else f"{place.file}:{place.line_of(field)}"


def _end_lines(trace: Trace, place_of: PlaceOf) -> Iterator[str]:
    end = trace.end
    match end:
        case Taken():
            yield from _taken_lines(end, place_of)
        case Untaken(status=0):
            yield f"the connection is closed: {end.why}"
        case Untaken():
            yield f"{end.status}: {end.why}"
        case Answered():
            yield f"{end.status}{f' Location: {end.location}' if end.location else ''}: {end.why}"
        case Passed():
            yield f"the connection is passed on by {_source(end.source)}"
            yield from (line for share in end.shares for line in _share_lines(share))
        case _:
            assert_never(end)


def _source(name: str) -> str:
    """Return a layer 4 route as other lines call it: `TCPRoute pay/ledger` for `tcproute/pay/ledger`."""
    kind, _, key = name.partition("/")
    kinds = {each.kind.lower(): each.kind for each in BY_STRUCT.values()}
    return f"{kinds.get(kind, kind)} {key}"


def _taken_lines(end: Taken, place_of: PlaceOf) -> Iterator[str]:
    rule = end.rule
    where = rule_place(Identity(rule.kind, ObjectKey(rule.namespace, rule.name)), rule.field, place_of)
    named = f' "{end.rule_name}"' if end.rule_name else ""
    yield f"{rule.kind} {rule.namespace}/{rule.name} {rule.field}{named} takes it" + (f"  ({where})" if where else "")
    yield f"  by listener {end.listener}, virtual host {end.domain}"
    for section in end.policies:
        place = rule_place(Identity(section.kind, section.key), section.path, place_of)
        yield f"  under {section}" + (f"  ({place})" if place else "")
    action = end.happening
    match action:
        case Forwarded():
            for share in action.shares:
                yield from (f"  {line}" for line in _share_lines(share))
            yield from (f"  mirrored to {each}" for each in action.mirrors)
            yield from (f"  {each}" for each in action.limits)
        case Redirected():
            yield f"  answers {action.status} Location: {action.location}"
            yield from (f"  {each}" for each in action.changes)
        case Direct():
            yield f"  answers {action.status}: {action.why}"
            yield from (f"  {each}" for each in action.changes)
        case _:
            assert_never(action)


def _share_lines(share: BackendShare) -> Iterator[str]:
    where = ", ".join(share.endpoints[:4]) + (", ..." if len(share.endpoints) > 4 else "")
    yield f"{share.part:.0%} to {share.backend}" + (f" at {where}" if where else "")
    if share.problem:
        yield f"  but {share.problem}"
    if share.path:
        yield f"  as {share.host}{share.path}"
    yield from (f"  {each}" for each in share.changes)


def _rival_title(rival: Rival, place_of: PlaceOf) -> str:
    key = rival.route.key if isinstance(rival.route.key, ObjectKey) else ObjectKey("", str(rival.route.key))
    identity = Identity(BY_STRUCT[rival.route.table].kind, key)
    where = rule_place(identity, rival.field, place_of)
    return f"{identity} {rival.field}" + (f" ({where})" if where else "")
