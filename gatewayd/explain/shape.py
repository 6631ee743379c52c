"""What `gatewayd explain -o json` prints; documented in docs/cli.md, and only ever grows."""

from dataclasses import asdict
from typing import Any, assert_never

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.explain.action import BackendShare, Direct, Forwarded, Redirected
from gatewayd.explain.policies import SectionInForce
from gatewayd.explain.request import Answered, Sent
from gatewayd.explain.rivals import Rival
from gatewayd.explain.trace import End, Passed, Taken, Trace, Untaken

JSON = dict[str, Any]


def traces_json(sent: Sent, traces: tuple[Trace, ...]) -> JSON:
    """Return the request and what becomes of it at each port."""
    return {
        "request": {
            "scheme": sent.scheme,
            "method": sent.method,
            "host": sent.host,
            "target": sent.target,
            "headers": [asdict(each) for each in sent.headers],
        },
        "answers": [
            {
                "gateway": str(each.fleet),
                "port": each.port,
                "remarks": list(each.remarks),
                "asked": list(each.asked),
                **_end(each.end),
                "others": [_rival(rival) for rival in each.rivals],
            }
            for each in traces
        ],
    }


def _end(end: End) -> JSON:
    """Return `result`, one of rule, none, passed, answered, and what belongs to it."""
    match end:
        case Taken():
            rule = end.rule
            return {
                "result": "rule",
                "rule": {
                    "kind": rule.kind,
                    "namespace": rule.namespace,
                    "name": rule.name,
                    "field": rule.field,
                    "ruleName": end.rule_name or None,
                },
                "listener": end.listener,
                "virtualHost": end.domain,
                "policies": [_section(each) for each in end.policies],
                **_happening(end.happening),
            }
        case Untaken():
            return {"result": "none", "status": end.status, "why": end.why}
        case Answered():
            return {"result": "answered", "status": end.status, "location": end.location or None, "why": end.why}
        case Passed():
            return {"result": "passed", "route": end.source, "backends": [_share(each) for each in end.shares]}
        case _:
            assert_never(end)


def _section(section: SectionInForce) -> JSON:
    return {
        "kind": section.kind,
        "namespace": section.key.namespace,
        "name": section.key.name,
        "field": section.path,
        "target": section.target,
        "value": section.value,
        "problem": section.problem or None,
    }


def _happening(action: Forwarded | Redirected | Direct) -> JSON:
    match action:
        case Forwarded():
            return {
                "backends": [_share(each) for each in action.shares],
                "mirrors": list(action.mirrors),
                "limits": list(action.limits),
            }
        case Redirected():
            return {"status": action.status, "location": action.location, "changes": list(action.changes)}
        case Direct():
            return {"status": action.status, "why": action.why, "changes": list(action.changes)}
        case _:
            assert_never(action)


def _share(share: BackendShare) -> JSON:
    return {
        "backend": share.backend,
        "part": round(share.part, 6),
        "endpoints": list(share.endpoints),
        "problem": share.problem or None,
        "host": share.host or None,
        "path": share.path or None,
        "changes": list(share.changes),
    }


def _rival(rival: Rival) -> JSON:
    return {
        "kind": BY_STRUCT[rival.route.table].kind,
        "route": str(rival.route.key),
        "field": rival.field,
        "matches": rival.matches,
        "why": rival.why,
    }
