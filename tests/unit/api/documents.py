"""Documents for the tests: short to write, complete enough to decode."""

from typing import Any

from gatewayd.api.decode import Decoded, Rejected, decode
from gatewayd.api.kinds import KINDS, Kind
from gatewayd.api.meta import KubernetesObject

Document = dict[str, Any]


def kind_named(name: str) -> Kind:
    (kind,) = (kind for kind in KINDS if kind.kind == name)
    return kind


def document(kind: str, version: str = "", **fields: Any) -> Document:
    """Write an object named x of a kind, in the kind's own version unless told otherwise."""
    row = kind_named(kind)
    group = f"{row.group}/" if row.group else ""
    return {"apiVersion": f"{group}{version or row.version}", "kind": kind, "metadata": {"name": "x"}, **fields}


def accepted(source: Document) -> Any:
    """Decode a document that must be valid and give its struct."""
    result = decode(source)
    assert isinstance(result, Decoded), [str(problem) for problem in result.problems]
    assert isinstance(result.obj, KubernetesObject)
    return result.obj


def problems(source: Document) -> list[str]:
    """Decode a document and give what is wrong with it; nothing for a valid one."""
    result = decode(source)
    return [str(problem) for problem in result.problems] if isinstance(result, Rejected) else []


def listener(**fields: Any) -> Document:
    return {"name": "http", "port": 80, "protocol": "HTTP", **fields}


def gateway(**spec: Any) -> Document:
    return document("Gateway", spec={"gatewayClassName": "gatewayd", "listeners": [listener()], **spec})


def http_rule(**rule: Any) -> Document:
    """Write an HTTPRoute with one rule."""
    return document("HTTPRoute", spec={"rules": [rule]})


def http_filter(name: str, **fields: Any) -> Document:
    """Write an HTTPRoute with one filter."""
    return http_rule(filters=[{"type": name, **fields}])


def grpc_rule(**rule: Any) -> Document:
    """Write a GRPCRoute with one rule."""
    return document("GRPCRoute", spec={"rules": [rule]})


def backend_tls(**validation: Any) -> Document:
    """Write a BackendTLSPolicy for the Service cart."""
    target = {"group": "", "kind": "Service", "name": "cart"}
    return document("BackendTLSPolicy", spec={"targetRefs": [target], "validation": validation})


def external(**spec: Any) -> Document:
    """Write an XBackend for the host api.example.com."""
    host = {"type": "ExternalHostname", "externalHostname": {"hostname": "api.example.com"}, "port": {"number": 443}}
    return document("XBackend", spec={**host, **spec})
