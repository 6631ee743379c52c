"""What objects refer to and a converter does not have: Services and certificates, so that routes can be asked.

In: converted objects. Out: documents of the same form that stand for what is elsewhere.
"""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

JSONObject = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInCertificate:
    """A certificate and its key, PEM, for all listeners."""

    certificate: bytes
    key: bytes


def stand_ins(objects: Iterable[JSONObject], certificate: StandInCertificate) -> tuple[JSONObject, ...]:
    """Return a Service for each that a route leads to, and a Secret for each that a listener has."""
    written = tuple(objects)
    ports: dict[tuple[str, str], set[int]] = {}
    for namespace, name, port in (ref for each in written for ref in _backends(each)):
        ports.setdefault((namespace, name), set()).add(port)
    secrets = dict.fromkeys(secret for each in written for secret in _secrets(each))
    return (
        *(_service(namespace, name, numbers) for (namespace, name), numbers in sorted(ports.items())),
        *(_secret(namespace, name, certificate) for namespace, name in secrets),
    )


def _backends(written: JSONObject) -> Iterator[tuple[str, str, int]]:
    if written["kind"] not in ("HTTPRoute", "GRPCRoute"):
        return
    for rule in written["spec"].get("rules", ()):
        for ref in rule.get("backendRefs", ()):
            yield ref.get("namespace", written["metadata"]["namespace"]), ref["name"], ref.get("port", 80)


def _secrets(written: JSONObject) -> Iterator[tuple[str, str]]:
    for listener in written["spec"].get("listeners", ()):
        for ref in listener.get("tls", {}).get("certificateRefs", ()):
            yield ref.get("namespace", written["metadata"]["namespace"]), ref["name"]


def _service(namespace: str, name: str, ports: set[int]) -> JSONObject:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": [{"name": f"p{port}", "port": port} for port in sorted(ports)]},
    }


def _secret(namespace: str, name: str, certificate: StandInCertificate) -> JSONObject:
    pair = {"tls.crt": certificate.certificate, "tls.key": certificate.key}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "kubernetes.io/tls",
        "data": {key: base64.b64encode(text).decode("ascii") for key, text in pair.items()},
    }
