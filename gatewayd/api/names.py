"""What Kubernetes allows as names, label keys and data keys.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
"""

import json
from collections.abc import Iterator
from typing import Final

import re2

from gatewayd.api.kinds import Kind
from gatewayd.api.meta import ObjectMeta, Problem

_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS_LABEL: Final = re2.compile(rf"^{_LABEL}$")
_DNS_SUBDOMAIN: Final = re2.compile(rf"^{_LABEL}(\.{_LABEL})*$")
_QUALIFIED_NAME: Final = re2.compile(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")
_LABEL_VALUE: Final = re2.compile(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$")
_DATA_KEY: Final = re2.compile(r"^[-._a-zA-Z0-9]+$")
_NAMED_BY_LABEL: Final = frozenset({"Service", "Namespace"})
_NAMED_AFTER_SIGNER: Final = frozenset({"ClusterTrustBundle"})
"""Names such as "example.com:signer:roots": DNS names with colons between them."""
_PORT_NAME_LIMIT: Final = 15
_ANNOTATIONS_LIMIT: Final = 256 * 1024
_SHOWN: Final = 64


def shown(value: object) -> str:
    """Write a value for a message: as JSON, so that control characters are visible, and cut to 64 characters."""
    text = json.dumps(value[:_SHOWN]) if isinstance(value, str) else str(value)[:_SHOWN]
    return f"{text}..." if len(str(value)) > _SHOWN else text


def entry(path: str, key: str) -> str:
    """Make the path of an entry of a map, with control characters of the key escaped and at most 64 characters."""
    return f"{path}[{key[:_SHOWN] if key.isprintable() else json.dumps(key[:_SHOWN])}]"


def is_dns_label(text: str) -> bool:
    """Whether text is an RFC 1123 label: up to 63 lower-case letters, digits and "-"."""
    return len(text) <= 63 and _DNS_LABEL.search(text) is not None


def is_port_name(text: str) -> bool:
    """Whether text can be the name of a port: https://www.rfc-editor.org/rfc/rfc6335#section-5.1."""
    is_short = len(text) <= _PORT_NAME_LIMIT and is_dns_label(text)
    return is_short and "--" not in text and any(each.isalpha() for each in text)


def is_dns_subdomain(text: str) -> bool:
    """Whether text is up to 253 characters of labels separated by "."."""
    return len(text) <= 253 and _DNS_SUBDOMAIN.search(text) is not None


def is_qualified_name(text: str) -> bool:
    """Whether text is a label or annotation key: an optional DNS subdomain and "/", then up to 63 characters."""
    prefix, slash, name = text.rpartition("/")
    if slash and not is_dns_subdomain(prefix):
        return False
    return len(name) <= 63 and _QUALIFIED_NAME.search(name) is not None


def is_label_value(text: str) -> bool:
    """Whether text can be the value of a label."""
    return len(text) <= 63 and _LABEL_VALUE.search(text) is not None


def is_data_key(text: str) -> bool:
    """Whether text can be a key of a Secret or ConfigMap."""
    return 0 < len(text) <= 253 and not text.startswith("..") and text != "." and _DATA_KEY.search(text) is not None


def metadata_problems(kind: Kind, metadata: ObjectMeta) -> Iterator[Problem]:
    """Find what the API server would refuse in an object's name, namespace, labels and annotations.

    Service names follow the label rule of RFC 1123; older API servers (before 1.36) also ask for a letter first.
    """
    yield from _name_problems(kind, metadata.name)
    if kind.namespaced and not is_dns_label(metadata.namespace):
        yield Problem(
            path="metadata.namespace",
            message=f"{shown(metadata.namespace)} is not a namespace name; up to 63 of a-z, 0-9 and '-' are allowed",
        )
    for key, value in metadata.labels.items():
        if not is_qualified_name(key):
            yield Problem(path="metadata.labels", message=f"{shown(key)} is not a label key; {_KEY_RULE}")
        if not is_label_value(value):
            yield Problem(
                path=entry("metadata.labels", key),
                message=f"{shown(value)} is not a label value; up to 63 of a-z, A-Z, 0-9, '-', '_' and '.' are allowed",
            )
    for key in metadata.annotations:
        if not is_qualified_name(key.lower()):
            yield Problem(path="metadata.annotations", message=f"{shown(key)} is not an annotation key; {_KEY_RULE}")
    if sum(len(key) + len(value) for key, value in metadata.annotations.items()) > _ANNOTATIONS_LIMIT:
        yield Problem(path="metadata.annotations", message="are too long; 262144 bytes are allowed in all")


_KEY_RULE: Final = "a DNS name and '/' (optional) and up to 63 of a-z, A-Z, 0-9, '-', '_' and '.' are allowed"


def _name_problems(kind: Kind, name: str) -> Iterator[Problem]:
    if not name:
        yield Problem(path="metadata.name", message="is required")
    elif kind.kind in _NAMED_BY_LABEL:
        if not is_dns_label(name):
            yield Problem(
                path="metadata.name",
                message=f"{shown(name)} is not a DNS label; up to 63 of a-z, 0-9 and '-' are allowed",
            )
    elif not all(map(is_dns_subdomain, name.split(":") if kind.kind in _NAMED_AFTER_SIGNER else (name,))):
        yield Problem(
            path="metadata.name",
            message=f"{shown(name)} is not a DNS subdomain; up to 253 of a-z, 0-9, '-' and '.' are allowed",
        )
