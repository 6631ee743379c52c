"""Whose an Ingress is: its class, the Gateway that serves the class, and the hosts that it is for.

An Ingress is served like a route: by the Gateway that its IngressClass names in `spec.parameters`. Nothing is made of
it in the cluster. Class and hosts are what an Ingress has other than a route; the rest is the same.
https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class
"""

from collections.abc import Iterator
from typing import NamedTuple

from gatewayd.api.gateway import Gateway
from gatewayd.api.ingress import CLASS_ANNOTATION, Ingress
from gatewayd.api.ingressclass import DEFAULT_CLASS_ANNOTATION, IngressClass
from gatewayd.api.meta import ObjectKey
from gatewayd.api.refs import ParentRef
from gatewayd.incremental.view import Index, View, query, rows, ungrouped
from gatewayd.own_group import ingress_controller
from gatewayd.translator.environment import environment
from gatewayd.translator.hostnames import ANY, normalised
from gatewayd.translator.protocols import GATEWAY_KIND, group_kind

INGRESS_KIND = group_kind(Ingress)
INGRESS_CLASS_KIND = group_kind(IngressClass)

DEFAULT_CLASSES = Index(
    name="default_ingress_classes",
    sources=(
        rows(
            IngressClass,
            lambda row: ["default"] if row.metadata.annotations.get(DEFAULT_CLASS_ANNOTATION) == "true" else [],
        ),
    ),
    group=ungrouped,
    readers=(Ingress,),
)


class NoGateway(NamedTuple):
    """Why a class is served by no Gateway; `message` begins with the class."""

    message: str


@query
def class_gateway(view: View, name: str) -> ObjectKey | NoGateway | None:
    """Return the Gateway that serves the IngressClass of a name, None for a class that is not ours."""
    row = view.get(IngressClass, ObjectKey("", name))
    if row is None or row.spec.controller != ingress_controller(environment(view).controller):
        return None
    shown, parameters = f'IngressClass "{name}" spec.parameters', row.spec.parameters
    if parameters is None:
        return NoGateway(f"{shown}: is missing; the Gateway that serves the class is to be named there")
    if (parameters.api_group or "", parameters.kind) != GATEWAY_KIND:
        group = f"{parameters.api_group}/" if parameters.api_group else ""
        return NoGateway(f"{shown}: kind {group}{parameters.kind} is not supported; allowed: {GATEWAY_KIND}")
    if parameters.namespace is None:
        return NoGateway(f"{shown}.scope: must be Namespace, with the Gateway's namespace")
    gateway = ObjectKey(parameters.namespace, parameters.name)
    if view.get(Gateway, gateway) is None:
        return NoGateway(f'{shown}: Gateway "{gateway}" does not exist')
    return gateway


def class_name(view: View, row: Ingress) -> str | None:
    """Return the class that an Ingress names, None for none.

    In a cluster the API server has written the default class into Ingresses that name none, when they were made.
    """
    named = row.spec.ingress_class_name or row.metadata.annotations.get(CLASS_ANNOTATION)
    if named is not None or not environment(view).standalone:
        return named
    defaults = view.bucket(DEFAULT_CLASSES, "default")
    return str(ObjectKey(*defaults[0].key).name) if len(defaults) == 1 else None  # type: ignore[misc]


def is_ours(view: View, row: Ingress) -> bool:
    """Return whether the class of an Ingress names our controller."""
    name = class_name(view, row)
    return name is not None and class_gateway(view, name) is not None


def class_parents(view: View, row: Ingress) -> tuple[ParentRef, ...]:
    """Return the Gateway that serves the class of an Ingress as a parentRef, which the Ingress itself does not have."""
    name = class_name(view, row)
    gateway = None if name is None else class_gateway(view, name)
    return (ParentRef(name=gateway.name, namespace=gateway.namespace),) if isinstance(gateway, ObjectKey) else ()


class TLSEntry(NamedTuple):
    """An entry of `spec.tls` that names a Secret, with its field and the hosts that it is for."""

    path: str
    secret: ObjectKey
    hosts: tuple[str, ...]


def tls_entries(row: Ingress) -> Iterator[TLSEntry]:
    """Yield the entries that name a Secret; one without hosts is for those of the rules."""
    for at, entry in enumerate(row.spec.tls):
        if entry.secret_name:
            hosts = (each for each in (entry.hosts or rule_hosts(row)) if each not in ("", ANY))
            secret = ObjectKey(row.metadata.namespace, entry.secret_name)
            yield TLSEntry(f"spec.tls[{at}]", secret, tuple(dict.fromkeys(hosts)))


def tls_hosts(row: Ingress) -> tuple[str, ...]:
    """Return the hosts that an Ingress has certificates for, each once."""
    return tuple(dict.fromkeys(host for entry in tls_entries(row) for host in entry.hosts))


def rule_hosts(row: Ingress) -> tuple[str, ...]:
    """Return the hosts of the rules, "*" for every host, each once; a default backend alone is for every host."""
    return tuple(dict.fromkeys(normalised(rule.host) for rule in row.spec.rules)) or (ANY,)
