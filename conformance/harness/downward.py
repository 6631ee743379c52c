"""The downward API and the environment of a container, as pure functions of the Pod and the objects it names.

The rules are the kubelet's: https://kubernetes.io/docs/concepts/workloads/pods/downward-api/
and https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from conformance.harness.addresses import API_SERVICE_IP, NODE_IP
from conformance.harness.kubeapi import Object
from conformance.harness.quantities import divided

_NODE_ALLOCATABLE = {"cpu": "2", "memory": "4Gi", "ephemeral-storage": "20Gi"}
_KEYED_FIELD = re.compile(r"metadata\.(labels|annotations)\['(.*)'\]")
_REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")


class NotReadyError(Exception):
    """Something that the Pod names does not exist yet; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where Secrets and ConfigMaps are looked up, by namespace and name; None for one that does not exist."""

    secret: Callable[[str, str], Object | None]
    config_map: Callable[[str, str], Object | None]


def environment(pod: Object, address: str, container: Object, sources: Sources) -> dict[str, str]:
    """Return the variables of one container; `NotReadyError` when a required Secret, ConfigMap or key is missing."""
    variables = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "HOSTNAME": hostname(pod),
        "KUBERNETES_SERVICE_HOST": API_SERVICE_IP,
        "KUBERNETES_SERVICE_PORT": "443",
        "KUBERNETES_SERVICE_PORT_HTTPS": "443",
    }
    for source in container.get("envFrom", ()):
        for key, value in _all_keys(pod, source, sources).items():
            variables[source.get("prefix", "") + key] = value
    for entry in container.get("env", ()):
        if "valueFrom" not in entry:
            variables[entry["name"]] = expanded(entry.get("value", ""), variables)
            continue
        value_from = _value_from(pod, address, container, entry["valueFrom"], sources)
        if value_from is not None:
            variables[entry["name"]] = value_from
    return variables


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by the variable; `$$` means `$`, and an unknown name stays as it is."""

    def replacement(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else variables.get(match[1], match[0])

    return _REFERENCE.sub(replacement, text)


def all_expanded(texts: Sequence[str], variables: Mapping[str, str]) -> tuple[str, ...]:
    """Expand every text of a command or of its arguments."""
    return tuple(expanded(text, variables) for text in texts)


def hostname(pod: Object) -> str:
    """Return the host name inside the Pod."""
    name: str = pod["spec"].get("hostname") or pod["metadata"]["name"]
    return name[:63]


def field(pod: Object, address: str, path: str) -> str:
    """Return a field of the Pod as `fieldRef` names it."""
    metadata, spec = pod["metadata"], pod["spec"]
    if keyed := _KEYED_FIELD.fullmatch(path):
        return str(metadata.get(keyed[1], {}).get(keyed[2], ""))
    plain = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "metadata.labels": _lines(metadata.get("labels", {})),
        "metadata.annotations": _lines(metadata.get("annotations", {})),
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.podIP": address,
        "status.podIPs": address,
        "status.hostIP": NODE_IP,
        "status.hostIPs": NODE_IP,
    }
    return str(plain[path])


def resource(container: Object, reference: Object) -> str:
    """Return a limit or request as `resourceFieldRef` names it; without a limit, what the node has."""
    kind, _, name = reference["resource"].partition(".")
    resources = container.get("resources", {})
    amount = resources.get(kind, {}).get(name)
    if amount is None:
        amount = _NODE_ALLOCATABLE.get(name, "0") if kind == "limits" else "0"
    return str(divided(str(amount), str(reference.get("divisor", "0"))))


def config_map_data(found: Object) -> dict[str, bytes]:
    """Return the content of a ConfigMap by key."""
    data = {key: value.encode() for key, value in found.get("data", {}).items()}
    return data | {key: base64.b64decode(value) for key, value in found.get("binaryData", {}).items()}


def secret_data(found: Object) -> dict[str, bytes]:
    """Return the content of a Secret by key."""
    return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}


def required(found: Object | None, what: str, *, optional: bool) -> Object | None:
    """Return `found`; `NotReadyError` when it is missing although it is not optional."""
    if found is None and not optional:
        raise NotReadyError(f"{what} not found")
    return found


def _all_keys(pod: Object, source: Object, sources: Sources) -> dict[str, str]:
    if "configMapRef" in source:
        return _decoded(_config_map(pod, source["configMapRef"], sources))
    return _decoded(_secret(pod, source["secretRef"], sources))


def _value_from(pod: Object, address: str, container: Object, origin: Object, sources: Sources) -> str | None:
    if "fieldRef" in origin:
        return field(pod, address, origin["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in origin:
        return resource(container, origin["resourceFieldRef"])
    reference = origin.get("configMapKeyRef") or origin["secretKeyRef"]
    read = _config_map if "configMapKeyRef" in origin else _secret
    values = _decoded(read(pod, reference, sources))
    value = values.get(reference["key"])
    if value is None and not reference.get("optional", False):
        raise NotReadyError(f'key "{reference["key"]}" of "{reference["name"]}" not found')
    return value


def _config_map(pod: Object, reference: Object, sources: Sources) -> dict[str, bytes]:
    found = sources.config_map(pod["metadata"]["namespace"], reference["name"])
    found = required(found, f'configmap "{reference["name"]}"', optional=reference.get("optional", False))
    return {} if found is None else config_map_data(found)


def _secret(pod: Object, reference: Object, sources: Sources) -> dict[str, bytes]:
    found = sources.secret(pod["metadata"]["namespace"], reference["name"])
    found = required(found, f'secret "{reference["name"]}"', optional=reference.get("optional", False))
    return {} if found is None else secret_data(found)


def _decoded(data: Mapping[str, bytes]) -> dict[str, str]:
    return {key: value.decode(errors="replace") for key, value in data.items()}


def _lines(values: Mapping[str, str]) -> str:
    return "\n".join(f'{key}="{value}"' for key, value in sorted(values.items()))
