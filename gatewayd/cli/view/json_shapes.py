"""What `-o json` prints, as JSON-able values. These shapes are documented in docs/cli.md and only ever grow.

In: the values of this program. Out: mappings and lists with camelCase names, as in Kubernetes.
"""

from collections.abc import Iterable
from typing import Any

from gatewayd.explain.findings import Finding
from gatewayd.explain.foreign_objects import TakenObject
from gatewayd.introspection.node_rows import ConnectedNode, NodeRow
from gatewayd.introspection.rows import Board, Condition, ConditionMark, GatewayRow, RouteRow
from gatewayd.introspection.status import ProxyRow, Status, TypeRow
from gatewayd.ir.envoy_releases import is_supported
from gatewayd.offline.findings import Report

JSON = dict[str, Any]

_MARKS = {ConditionMark.TRUE: "True", ConditionMark.FALSE: "False", ConditionMark.UNKNOWN: "Unknown"}


def board_json(board: Board) -> JSON:
    """Return the shape of `up -o json`, one such object a line."""
    return {
        "gateways": [_gateway(row) for row in board.gateways],
        "routes": [_route(row) for row in board.routes],
        "problems": [{"file": each.file, "line": each.line, "message": each.text} for each in board.problems],
        "notices": list(board.notices),
    }


def status_json(status: Status, nodes: Iterable[NodeRow]) -> JSON:
    """Return the shape of `status -o json`: that of `up`, the proxies, and the snapshots' versions."""
    return {
        "version": status.version,
        "folder": status.folder,
        **board_json(status.board),
        "snapshots": {each.gateway: each.version for each in status.snapshots},
        "proxies": [_proxy(row) for row in status.proxies],
        "nodes": [_node(row) for row in nodes],
    }


def report_json(report: Report) -> JSON:
    """Return the shape of `check -o json`."""
    return {
        "findings": [finding_json(each) for each in report.findings],
        "objects": report.objects,
        "files": report.files,
        "notRead": {each.kind: each.number for each in report.others},
        **({"envoyGateway": [_taken(each) for each in report.taken]} if report.taken else {}),
    }


def _taken(of: TakenObject) -> JSON:
    return {
        "object": of.object,
        "taken": list(of.taken),
        "differently": list(of.differs),
        "refused": list(of.refused),
    }


def finding_json(finding: Finding) -> JSON:
    """Return one finding; `object` "" when it is about a file as such."""
    return {
        "file": finding.file,
        "line": finding.line,
        "severity": finding.severity.value,
        "object": finding.object,
        "reason": finding.reason,
        "message": finding.message,
        "followers": list(finding.followers),
    }


def _gateway(row: GatewayRow) -> JSON:
    return {
        "name": row.name,
        "listeners": list(row.listeners),
        "address": row.address,
        "accepted": _condition(row.accepted),
        "programmed": _condition(row.programmed),
        "ackedAt": row.acked_at or None,
    }


def _route(row: RouteRow) -> JSON:
    acked = row.acked
    return {
        "kind": row.kind,
        "name": row.name,
        "hostnames": list(row.hostnames),
        "parents": list(row.parents),
        "accepted": _condition(row.accepted),
        "resolvedRefs": _condition(row.resolved_refs),
        "programmed": _condition(row.programmed),
        "acked": {"proxies": acked.proxies, "of": acked.of, "milliseconds": round(acked.milliseconds, 3)}
        if acked
        else None,
    }


def _condition(condition: Condition) -> JSON:
    return {"status": _MARKS[condition.mark], "reason": condition.reason}


def _node(row: NodeRow) -> JSON:
    behind = row.behind if isinstance(row, ConnectedNode) else ()
    return {
        "node": row.node,
        "proxy": row.proxy,
        "connected": isinstance(row, ConnectedNode),
        "synced": row.is_well,
        "behind": [_type(each) for each in behind],
    }


def _proxy(row: ProxyRow) -> JSON:
    return {
        "gateway": row.gateway,
        "node": row.node,
        "envoyVersion": row.envoy_version,
        "envoySupported": is_supported(row.envoy_version),
        "connectedSince": row.connected_since,
        "protocol": row.protocol,
        "synced": row.synced,
        "types": [_type(each) for each in row.types],
    }


def _type(row: TypeRow) -> JSON:
    return {
        "type": row.type,
        "resources": row.resources,
        "pending": list(row.pending),
        "rejections": [{"names": list(refused.names), "message": refused.message} for refused in row.rejections],
    }
