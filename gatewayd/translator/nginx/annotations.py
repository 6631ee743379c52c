"""The annotations of ingress-nginx on one Ingress, read as that controller read them.

What it could not read it passed over, and took its default: so do these readings.
https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self, TypeAlias
from urllib.parse import urlsplit

from gatewayd.api.ingress import NGINX_PREFIX
from gatewayd.translator.nginx.fates import Fate, Fidelity

JSON = Mapping[str, Any]

PREFIX: Final = NGINX_PREFIX
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
"""What Go's strconv.ParseBool takes: `True` is true, `yes` is neither."""
HOST: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
"""The name of a host, without a port and variables of nginx."""
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
"""What Go reads as a number of 64 bits; of thousands of digits Python would make none either."""
_VISIBLE: Final = re.compile(r"[!-~]*")
MOST_LETTERS: Final = 1024
"""What a path in a route may have: https://gateway-api.sigs.k8s.io/reference/spec/#httppathmodifier"""
NONE: Final[Mapping[str, str]] = MappingProxyType({})
ANY_NAME: Final = "*"
"""The name of a certificate that nobody has said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationEffect:
    """What annotations add to each rule of their Ingress, and to the backends (a BackendPolicy) that it leads to.

    `grants` are (kind, namespace, name): objects of other namespaces that its AccessPolicy refers to. With a `tls_name`
    backends are spoken to by TLS: the name of their certificates, "*" where nobody has said it. `rewritten` are filters
    of those rules alone whose path is rewritten.
    """

    filters: tuple[JSON, ...] = ()
    rewritten: tuple[JSON, ...] = ()
    more: JSON = field(default_factory=dict)
    access: JSON = field(default_factory=dict)
    passage: JSON = field(default_factory=dict)
    backend: JSON = field(default_factory=dict)
    grants: tuple[tuple[str, str, str], ...] = ()
    tls_name: str = ""

    def __add__(self, other: Self) -> "AnnotationEffect":
        """Return both together; of a section that both have, its fields are joined."""
        return AnnotationEffect(
            filters=(*self.filters, *other.filters),
            rewritten=(*self.rewritten, *other.rewritten),
            more={**self.more, **other.more},
            access=_joined(self.access, other.access),
            passage=_joined(self.passage, other.passage),
            backend=_joined(self.backend, other.backend),
            grants=(*self.grants, *other.grants),
            tls_name=self.tls_name or other.tls_name,
        )


class WrittenURL(NamedTuple):
    """The parts of a URL; `port` is 0 where there is none. `rest`: whether it has a query or a fragment."""

    scheme: str
    host: str
    port: int
    path: str
    rest: bool


def url(text: str) -> WrittenURL | None:
    """Return the parts of a URL or a path; None for a text that is neither."""
    if not _VISIBLE.fullmatch(text):
        return None
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return None
    rest = bool(parts.query or parts.fragment)
    return None if port == 0 else WrittenURL(parts.scheme, host.lower(), port or 0, parts.path, rest)


Effects: TypeAlias = Iterator[AnnotationEffect | Fate]
"""What readers of annotations yield: what they do, and the fate of each."""


def _joined(one: JSON, other: JSON) -> JSON:
    return {name: {**one.get(name, {}), **other.get(name, {})} for name in (*one, *other)}


def annotation_path(name: str) -> str:
    """Return the field path of an annotation, by its name without the prefix."""
    return f'metadata.annotations["{PREFIX}{name}"]'


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxAnnotations:
    """The annotations of one Ingress by their names without the prefix; `namespace` is the Ingress's own."""

    namespace: str
    values: Mapping[str, str]

    @classmethod
    def of(cls, namespace: str, annotations: Mapping[str, str], defaults: Mapping[str, str] = NONE) -> Self:
        """Return those of ingress-nginx among all annotations; `defaults` are those of an Ingress that has none."""
        own = {name.removeprefix(PREFIX): text for name, text in annotations.items() if name.startswith(PREFIX)}
        return cls(namespace=namespace, values={**defaults, **own})

    def __contains__(self, name: str) -> bool:
        """Return whether there is such an annotation."""
        return name in self.values

    def text(self, name: str) -> str:
        """Return an annotation's text, "" for one that is not there."""
        return self.values.get(name, "").strip()

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """Return an annotation as true or false; the default for what is neither."""
        text = self.text(name)
        return text in _TRUE or (default and text not in _FALSE)

    def integer(self, name: str) -> int | None:
        """Return an annotation as a number; None for what is none."""
        text = self.text(name)
        return int(text) if _INTEGER.fullmatch(text) else None

    def words(self, name: str) -> tuple[str, ...]:
        """Return the parts of a list with commas, each once."""
        return tuple(dict.fromkeys(word for each in self.text(name).split(",") if (word := each.strip())))

    def path(self, name: str) -> str:
        """Return the path of one annotation."""
        return annotation_path(name)

    def fate(self, name: str, fidelity: Fidelity, message: str, *, protects: bool = False) -> Fate:
        """Return what becomes of one annotation."""
        return Fate(path=self.path(name), fidelity=fidelity, message=message, protects=protects)

    def exact(self, name: str, message: str) -> Fate:
        """Return that an annotation is there again, as what."""
        return self.fate(name, Fidelity.EXACT, message)

    def approximate(self, name: str, message: str) -> Fate:
        """Return that an annotation is there again, and by how much it differs."""
        return self.fate(name, Fidelity.APPROXIMATE, message)

    def ignored(self, name: str, allowed: str) -> Fate:
        """Return that ingress-nginx did not take an annotation either."""
        return self.exact(name, f"ingress-nginx took its default, since the value is not {allowed}")
