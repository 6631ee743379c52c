"""Whether the annotations of ingress-nginx on an Ingress count: its class says so, and how strictly.

In: an Ingress and its IngressClass. Out: what the annotations come to, and which hosts of a Gateway have paths that are
expressions, which makes all paths of such a host expressions, in all Ingresses whose annotations count.
https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from gatewayd.api.ingress import NGINX_PREFIX, Ingress, IngressBackend
from gatewayd.api.ingressclass import NGINX_ANNOTATIONS, IngressClass
from gatewayd.api.meta import ObjectKey
from gatewayd.api.names import shown
from gatewayd.incremental.view import Index, Member, Source, View, query
from gatewayd.translator.hostnames import normalised
from gatewayd.translator.ingresses import class_gateway, class_name, rule_hosts, tls_hosts
from gatewayd.translator.nginx.annotations import NginxAnnotations
from gatewayd.translator.nginx.canaries import Canary
from gatewayd.translator.nginx.live import LiveAnnotations, live

_NAMED: Final = 3
"""How many annotations a message names."""


class AnnotationMode(StrEnum):
    """How the annotations of ingress-nginx count. Strict: unknown ones that are called like protections close."""

    STRICT = "strict"
    LENIENT = "lenient"


_MODES: Final = frozenset(AnnotationMode)


@query
def annotation_mode(view: View, name: str) -> AnnotationMode | None:
    """Return how annotations count in a class of ours, None where they do not; what is neither is strict."""
    row = view.get(IngressClass, ObjectKey("", name))
    written = None if row is None else row.metadata.annotations.get(NGINX_ANNOTATIONS)
    if written is None or class_gateway(view, name) is None:
        return None
    return AnnotationMode.LENIENT if written == AnnotationMode.LENIENT else AnnotationMode.STRICT


class CountingAnnotations(NamedTuple):
    """The annotations of an Ingress whose class asks for them, and how they count."""

    written: NginxAnnotations
    mode: AnnotationMode


@query
def counting_annotations(view: View, member: Member) -> CountingAnnotations | None:
    """Return the annotations of an Ingress, None where its class does not ask for them.

    A query of its own: they are seldom what changes of an Ingress, and then they are not read again.
    """
    row, mode = view.get(Ingress, member.key), _mode(view, member)
    if row is None or mode is None:
        return None
    return CountingAnnotations(NginxAnnotations.of(row.metadata.namespace, row.metadata.annotations), mode)


def _mode(view: View, member: Member) -> AnnotationMode | None:
    """Return how the annotations of an Ingress count; None where they do not, or it is not there."""
    row = view.get(Ingress, member.key)
    name = None if row is None else class_name(view, row)
    return None if name is None else annotation_mode(view, name)


def live_annotations(view: View, member: Member) -> LiveAnnotations | None:
    """Return what the annotations of an Ingress come to; None where its class does not ask for them.

    No query: for an Ingress without, of which there may be 100,000, nothing is kept.
    """
    return None if _mode(view, member) is None else _counted(view, member)


@query
def _counted(view: View, member: Member) -> LiveAnnotations | None:
    counting = counting_annotations(view, member)
    return None if counting is None else live(counting.written, strict=counting.mode is AnnotationMode.STRICT)


def unread_annotations(view: View, row: Ingress) -> str | None:
    """Return what is to be known of annotations that do not count, or of how they do; None for nothing."""
    name = class_name(view, row) or ""
    of_class = view.get(IngressClass, ObjectKey("", name))
    text = None if of_class is None else of_class.metadata.annotations.get(NGINX_ANNOTATIONS)
    if text is not None and text not in _MODES:
        allowed = f"allowed: {', '.join(AnnotationMode)}"
        path = f'IngressClass "{name}" metadata.annotations["{NGINX_ANNOTATIONS}"]'
        return f"{path}: {shown(text)} is not known, and counts as strict; {allowed}"
    theirs = [each for each in row.metadata.annotations if each.startswith(NGINX_PREFIX)]
    if text is not None or not theirs:
        return None
    more = f" and {len(theirs) - _NAMED} more" if len(theirs) > _NAMED else ""
    ask = f'the annotation {NGINX_ANNOTATIONS} of IngressClass "{name}" has them read'
    return f"metadata.annotations: {', '.join(theirs[:_NAMED])}{more}: of another controller, and not read; {ask}"


class GatewayHost(NamedTuple):
    """A host of Ingresses at a Gateway, "*" for every host."""

    gateway: ObjectKey
    host: str


class CanaryHost(NamedTuple):
    """A host of canaries of a namespace at a Gateway: those of other namespaces get nobody's requests."""

    gateway: ObjectKey
    namespace: str
    host: str


class HostTraits(NamedTuple):
    """What an Ingress brings to its hosts: those with expressions, those with a certificate, and those it closes.

    Of a canary `canaries` alone: the hosts whose paths it shares.
    """

    expressions: tuple[GatewayHost, ...]
    certified: tuple[GatewayHost, ...]
    closed: tuple[GatewayHost, ...]
    canaries: tuple[CanaryHost, ...]


_NO_TRAITS: Final = HostTraits((), (), (), ())


@query
def host_traits(view: View, member: Member) -> HostTraits:
    """Return what an Ingress whose annotations count brings to all Ingresses of its hosts."""
    row, annotations = view.get(Ingress, member.key), live_annotations(view, member)
    name = None if row is None else class_name(view, row)
    gateway = None if name is None else class_gateway(view, name)
    if row is None or annotations is None or not isinstance(gateway, ObjectKey):
        return _NO_TRAITS
    if annotations.is_canary:
        shared = (CanaryHost(gateway, row.metadata.namespace, host) for host in rule_hosts(row))
        return _NO_TRAITS._replace(canaries=tuple(shared))
    hosts = dict.fromkeys(_expressions(row, annotations))
    return HostTraits(
        expressions=tuple(GatewayHost(gateway, host) for host in hosts),
        certified=tuple(GatewayHost(gateway, host) for host in tls_hosts(row)),
        closed=tuple(GatewayHost(gateway, host) for host in (rule_hosts(row) if annotations.closes_hosts else ())),
        canaries=(),
    )


def _expressions(row: Ingress, annotations: LiveAnnotations) -> Iterator[str]:
    for rule in row.spec.rules:
        paths = rule.http.paths if rule.http is not None else ()
        if any(annotations.rewriting.is_expression(each.path or "/") for each in paths):
            yield normalised(rule.host)


EXPRESSION_HOSTS = Index(
    name="ingress_hosts_with_expressions",
    sources=(Source(table=Ingress, query=host_traits, keys=lambda traits: traits.expressions),),
    group=lambda host: host.gateway,
    readers=(Ingress,),
)
CLOSED_HOSTS = Index(
    name="ingress_hosts_that_lost_a_protection",
    sources=(Source(table=Ingress, query=host_traits, keys=lambda traits: traits.closed),),
    group=lambda host: host.gateway,
    readers=(Ingress,),
)
CERTIFIED_HOSTS = Index(
    name="ingress_hosts_with_certificates",
    sources=(Source(table=Ingress, query=host_traits, keys=lambda traits: traits.certified),),
    group=lambda host: host.gateway,
    readers=(Ingress,),
)


class CanaryPath(NamedTuple):
    """A path that a canary shares with another Ingress, and where who gets the canary goes."""

    path: str
    path_type: str
    backend: IngressBackend
    canary: Canary


CANARIES = Index(
    name="ingress_canaries_by_host",
    sources=(Source(table=Ingress, query=host_traits, keys=lambda traits: traits.canaries),),
    group=lambda at: at.gateway,
    readers=(Ingress,),
)


@query
def canary_paths(view: View, at: CanaryHost) -> tuple[CanaryPath, ...]:
    """Return the paths of all canaries of a host, those of the oldest first.

    A query of its own: an edit of an Ingress of the host is nothing to the others, unless it is a canary's paths.
    """
    found: list[tuple[str, ObjectKey, tuple[CanaryPath, ...]]] = []
    for member in view.bucket(CANARIES, at):
        row, annotations = view.get(Ingress, member.key), live_annotations(view, member)
        if row is not None and annotations is not None and annotations.canary is not None:
            paths = tuple(_shared(row, at.host, annotations.canary))
            found.append((row.metadata.creation_timestamp, row.metadata.key, paths))
    return tuple(path for _, _, paths in sorted(found, key=lambda each: each[:2]) for path in paths)


def _shared(row: Ingress, host: str, canary: Canary) -> Iterator[CanaryPath]:
    for rule in row.spec.rules:
        for path in rule.http.paths if rule.http is not None and normalised(rule.host) == host else ():
            yield CanaryPath(path.path or "/", path.path_type, path.backend, canary)


class BroughtTo(NamedTuple):
    """A host, and the index of those who bring something to it."""

    brings: Index
    at: GatewayHost


@query
def first_to_bring(view: View, brought: BroughtTo) -> tuple[tuple[str, ObjectKey], ...]:
    """Return since when who brings something to a host: the first Ingress of each namespace, the oldest first.

    A query of its own: a host may have hundreds of Ingresses, and an edit of one of them is nothing to the others.
    """
    rows = (view.get(Ingress, member.key) for member in view.bucket(brought.brings, brought.at))
    by_age = sorted((row.metadata.creation_timestamp, row.metadata.key) for row in rows if row is not None)
    first: dict[str, tuple[str, ObjectKey]] = {}
    for created, key in by_age:
        first.setdefault(key.namespace, (created, key))
    return tuple(first.values())


def who_brings(view: View, index: Index, at: GatewayHost, row: Ingress) -> ObjectKey | None:
    """Return the first Ingress that brings something to a host which counts for `row` as well, None for none.

    It is of the same namespace, or was there first: nobody's Ingress changes those that another namespace has already.
    """
    own = row.metadata
    return next(
        (
            key
            for created, key in first_to_bring(view, BroughtTo(index, at))
            if key.namespace == own.namespace or created < own.creation_timestamp
        ),
        None,
    )
