"""What objects refer to and a converter does not have: Services, certificates and users, so that routes can be asked.

In: converted objects. Out: documents of the same form that stand for what is elsewhere.
"""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

JSONObject = dict[str, Any]

_SHA1_BYTES = 20
"""Of a hash that is no password's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInCertificate:
    """A certificate and its key, PEM, for all listeners."""

    certificate: bytes
    key: bytes


def stand_ins(objects: Iterable[JSONObject], certificate: StandInCertificate) -> tuple[JSONObject, ...]:
    """Return a Service for each that a route leads to or that is asked, and a Secret for each that is named."""
    written = tuple(objects)
    ports: dict[tuple[str, str], set[int]] = {}
    for namespace, name, port in (ref for each in written for ref in _backends(each)):
        ports.setdefault((namespace, name), set()).add(port)
    secrets = dict.fromkeys(secret for each in written for secret in _secrets(each))
    users = dict.fromkeys(secret for each in written for secret in _users(each))
    return (
        *(_service(namespace, name, numbers) for (namespace, name), numbers in sorted(ports.items())),
        *(_secret(namespace, name, certificate) for namespace, name in secrets),
        *(_users_secret(namespace, name) for namespace, name in users),
    )


def _backends(written: JSONObject) -> Iterator[tuple[str, str, int]]:
    for ref in (*_led_to(written), *_asked(written)):
        yield ref.get("namespace", written["metadata"]["namespace"]), ref["name"], ref.get("port", 80)


def _led_to(written: JSONObject) -> Iterator[JSONObject]:
    if written["kind"] in ("HTTPRoute", "GRPCRoute"):
        yield from (ref for rule in written["spec"].get("rules", ()) for ref in rule.get("backendRefs", ()))


def _asked(written: JSONObject) -> Iterator[JSONObject]:
    """Yield the references to servers that say who may come in."""
    ref = _access(written).get("externalAuth", {}).get("backendRef")
    yield from () if ref is None else (ref,)


def _users(written: JSONObject) -> Iterator[tuple[str, str]]:
    """Yield the Secrets with users, which somebody who converts is told to write."""
    ref = _access(written).get("basic", {}).get("secretRef")
    yield from () if ref is None else ((ref.get("namespace", written["metadata"]["namespace"]), ref["name"]),)


def _access(written: JSONObject) -> JSONObject:
    default: JSONObject = written["spec"].get("default", {}) if written["kind"] == "AccessPolicy" else {}
    return default


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


def _users_secret(namespace: str, name: str) -> JSONObject:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": {".htpasswd": f"nobody:{{SHA}}{base64.b64encode(bytes(_SHA1_BYTES)).decode('ascii')}"},
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
