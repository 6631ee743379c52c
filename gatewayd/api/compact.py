"""What is kept of a decoded object: only what is read, and what many objects have in common only once.

In: a struct as decoded. Out: one that every query sees the same things in, a fraction of its size. In a cluster most of
an object is bookkeeping (labels, annotations, which pod on which node), and most of the rest stands in every other
object as well (the parentRef, the ports, the namespace).
"""

from collections.abc import Callable, Mapping
from functools import cache
from sys import intern
from typing import Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import fields, replace

from gatewayd.api.core import ConfigMap, Namespace, Secret, Service, ServiceSpec
from gatewayd.api.discovery import OWNER_LABELS, EndpointSlice, SliceEndpoint
from gatewayd.api.gateway import MANAGED_BY, Gateway
from gatewayd.api.ingress import CLASS_ANNOTATION, NGINX_PREFIX, Ingress
from gatewayd.api.ingressclass import IngressClass
from gatewayd.api.meta import KubernetesObject, ObjectMeta
from gatewayd.api.refs import BackendRef
from gatewayd.api.serviceimport import DERIVED_SERVICE, ServiceImport
from gatewayd.own_group import MANAGER, PREFIX, is_managed

_MOST: Final = 1024
_LONGEST: Final = 64
"""Longer text is hardly ever the same in two objects."""
_SHARED_BY_TRIM: Final[Mapping[type[Struct], str]] = {EndpointSlice: "endpoints"}
"""A field whose values are alike only in what its trim hands out once: looked at one by one, those of a slice of a
thousand would take longer than everything else, and the places of what others share."""
_OURS: Final = {MANAGED_BY: MANAGER}
_NONE: Final[dict[str, str]] = {}

R = TypeVar("R", bound=KubernetesObject)
Trim = Callable[[Any], Any]


class Pool:
    """Hands out one object for equal ones, of those that came last. It holds so many at most, so it never grows."""

    def __init__(self) -> None:
        # In the order in which they were asked for.
        self._held: dict[tuple[type, Any], Any] = {}

    def shared(self, value: Any) -> Any:
        """Return an equal value, of which there may be others who have it; a dict stays its owner's."""
        if isinstance(value, str):
            return self._one(value) if len(value) <= _LONGEST else value
        if isinstance(value, Struct):
            return self._struct(value)
        if isinstance(value, tuple):
            return self._one(tuple(map(self.shared, value))) if value and isinstance(value[0], str | Struct) else value
        if isinstance(value, dict):
            return {self.shared(key): self.shared(each) for key, each in value.items()} if value else _NONE
        return value

    def forget(self) -> None:
        """Hold nothing."""
        self._held = {}

    def _struct(self, value: Struct) -> Any:
        changed = {}
        for name in _names(type(value)):
            before = getattr(value, name)
            # A Service's name stands in its routes and slices, which come at other times than the Service itself.
            refers = name == "name" and isinstance(value, BackendRef)
            after = intern(before) if refers else self.shared(before)
            if after is not before:
                changed[name] = after
        kept = replace(value, **changed) if changed else value
        return kept if isinstance(kept, ObjectMeta) else self._one(kept)

    def _one(self, value: Any) -> Any:
        held, at = self._held, (type(value), _hashed(value))
        try:
            shared = held.pop(at, value)
        except TypeError:  # there is a dict somewhere in it
            return value
        held[at] = shared
        if len(held) > _MOST:
            del held[next(iter(held))]
        return shared


def _hashed(value: Any) -> Any:
    """Return what equal values have in common: of a Service's spec all but its dict, when that is empty."""
    if isinstance(value, ServiceSpec) and not value.selector:
        return tuple(getattr(value, name) for name in _names(ServiceSpec) if name != "selector")
    return value


@cache
def _names(struct: type[Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(struct) if field.name != _SHARED_BY_TRIM.get(struct))


_POOL: Final = Pool()


def compact(obj: R) -> R:
    """Return the object without what nobody reads, and sharing what others have as well.

    Secrets share nothing: what they hold goes when they go.
    """
    trimmed: R = _TRIM.get(type(obj), _dated)(obj)
    if isinstance(obj, Secret | ConfigMap):
        return trimmed
    shared: R = _POOL.shared(trimmed)
    return shared


def forget() -> None:
    """Let go of what is kept for objects to come: it stands among what has gone, and holds the memory of that."""
    _POOL.forget()


def _dated(obj: KubernetesObject) -> KubernetesObject:
    """Keep the generation, which statuses repeat, and the age, which settles conflicts."""
    meta = obj.metadata
    return replace(obj, metadata=replace(meta, labels=_NONE, annotations=_NONE, uid=""))


def _gateway(obj: Gateway) -> Gateway:
    """Keep the uid as well: it owns its infrastructure; and the annotations that are for us."""
    return replace(obj, metadata=replace(obj.metadata, labels=_NONE, annotations=_our_annotations(obj)))


def _ingress(obj: Ingress) -> Ingress:
    """Keep the annotation that may name its class, and those that may say what is done with its requests."""
    kept = {
        name: value
        for name, value in obj.metadata.annotations.items()
        if name == CLASS_ANNOTATION or name.startswith((PREFIX, NGINX_PREFIX))
    }
    return replace(obj, metadata=replace(obj.metadata, labels=_NONE, annotations=kept or _NONE, uid=""))


def _ingress_class(obj: IngressClass) -> IngressClass:
    """Keep the annotations that are for us."""
    return replace(obj, metadata=replace(obj.metadata, labels=_NONE, annotations=_our_annotations(obj), uid=""))


def _our_annotations(obj: KubernetesObject) -> dict[str, str]:
    return {name: value for name, value in obj.metadata.annotations.items() if name.startswith(PREFIX)} or _NONE


def _named(metadata: ObjectMeta, labels: dict[str, str]) -> ObjectMeta:
    return ObjectMeta(name=metadata.name, namespace=metadata.namespace, labels=labels, annotations=_NONE)


def _plain(obj: KubernetesObject) -> KubernetesObject:
    return replace(obj, metadata=_named(obj.metadata, _NONE))


def _namespace(obj: Namespace) -> Namespace:
    return replace(obj, metadata=_named(obj.metadata, obj.metadata.labels))


def _service(obj: Service) -> Service:
    """Leave out whom it selects, which is told by its slices, and an address that stands there twice.

    Of each is kept whether we made it, and of those what we wrote on it. Any Service may be a route's parent, which is
    found by its addresses.
    """
    mark = obj.metadata.labels.get(MANAGED_BY, "")
    ours = is_managed(mark)
    metadata = replace(
        _named(obj.metadata, _marked(mark) if ours else _NONE),
        name=intern(obj.metadata.name),
        annotations=_our_annotations(obj) if ours else _NONE,
    )
    is_told_twice = obj.spec.cluster_ips == (obj.spec.cluster_ip,)
    spec = replace(obj.spec, selector=_NONE, cluster_ips=() if is_told_twice else obj.spec.cluster_ips)
    return replace(obj, metadata=metadata, spec=spec)


def _marked(mark: str) -> dict[str, str]:
    return _OURS if mark == MANAGER else {MANAGED_BY: intern(mark)}


def _import(obj: ServiceImport) -> ServiceImport:
    """Keep what says where its endpoints are."""
    derived = {name: value for name, value in obj.metadata.annotations.items() if name == DERIVED_SERVICE}
    return replace(obj, metadata=replace(_named(obj.metadata, _NONE), annotations=derived or _NONE))


def _slice(obj: EndpointSlice) -> EndpointSlice:
    """Keep whose it is, and of each endpoint where it is and how it does."""
    own = obj.metadata.labels
    labels = {label: intern(own[label]) for label in OWNER_LABELS if label in own} or _NONE
    alike: dict[Any, Any] = {}
    endpoints = tuple(
        SliceEndpoint(
            addresses=each.addresses,
            conditions=_once(alike, each.conditions),
            zone=_once(alike, each.zone),
            hints=_once(alike, each.hints),
        )
        for each in obj.endpoints
    )
    return replace(obj, metadata=_named(obj.metadata, labels), endpoints=endpoints)


def _once(alike: dict[Any, Any], value: Any) -> Any:
    """Return an equal value that others have too; the pool is asked once a slice."""
    if value not in alike:
        alike[value] = _POOL.shared(value)
    return alike[value]


_TRIM: Final[Mapping[type[KubernetesObject], Trim]] = {
    Gateway: _gateway,
    Ingress: _ingress,
    IngressClass: _ingress_class,
    Service: _service,
    EndpointSlice: _slice,
    ServiceImport: _import,
    Namespace: _namespace,
    Secret: _plain,
    ConfigMap: _plain,
}
