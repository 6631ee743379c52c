"""What is said about an XBackend: for each Gateway whose routes name it, whether it can be had as it is written.

https://gateway-api.sigs.k8s.io/geps/gep-4731/ (status)
"""

from collections.abc import Iterator
from typing import NamedTuple

from gatewayd.api.meta import ObjectKey
from gatewayd.api.xbackend import XBackend
from gatewayd.incremental.view import Index, Member, Source, View, query, rescued_query
from gatewayd.ir.outcome import PolicyOutcome, Verdict
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import attachments
from gatewayd.translator.backends.backend_refs import xbackend_problem
from gatewayd.translator.backends.client_certificates import client_certificate_for
from gatewayd.translator.certificate_warnings import time_warnings, warned
from gatewayd.translator.outcomes.policies import USERS, ancestors, named, upstreams_of
from gatewayd.translator.policies.attach import XBACKEND_KIND
from gatewayd.translator.policies.backendtls import ValidationKey, as_taken, settings
from gatewayd.translator.policies.session_persistence import refused
from gatewayd.translator.protocols import ROUTE_TABLES
from gatewayd.translator.rescues import blame


class BackendUse(NamedTuple):
    """A Gateway whose routes name an XBackend."""

    backend: ObjectKey
    gateway: ObjectKey


@query
def backend_uses(view: View, member: Member) -> tuple[BackendUse, ...]:
    """Return the XBackends that a route names, usable or not, for each Gateway that it is attached to.

    Of a Gateway and of a ListenerSet: those that their listeners ask.
    """
    used = dict.fromkeys(
        BackendUse(ObjectKey(each.upstream.namespace, each.upstream.name), each.gateway)
        for each in upstreams_of(view, member)
        if each.upstream.kind == "XBackend"
    )
    if member.table in ROUTE_TABLES:
        gateways = dict.fromkeys(parent.gateway for parent in attachments(view, member) if parent.attached)
        used |= dict.fromkeys(BackendUse(backend, gateway) for gateway in gateways for backend in _named(view, member))
    return tuple(used)


def _named(view: View, member: Member) -> Iterator[ObjectKey]:
    """Yield what backendRefs name and may name: of a backend that leads nowhere, the rules keep no name."""
    row = view.get(member.table, member.key)
    if row is not None:
        for ref in named(view, member, XBACKEND_KIND):
            yield ObjectKey(ref.namespace or row.metadata.namespace, ref.name)


BACKEND_USES = Index(
    name="gateways_by_xbackend",
    sources=tuple(Source(table=table, query=backend_uses) for table in USERS),
    group=lambda use: use.backend,
    readers=(XBackend,),
)


def _failed(view: View, member: Member, error: Exception, _before: PolicyOutcome | None) -> PolicyOutcome | None:
    row = view.get(XBackend, member.key)
    if row is None:
        return None
    conditions = (verdicts.invalid(blame("spec", error)), verdicts.resolved())
    gateways = (use.gateway for use in view.group(BACKEND_USES, row.metadata.key))
    return ancestors(row.metadata.generation, dict.fromkeys(gateways, conditions))


@rescued_query(_failed)
def xbackend_outcome(view: View, member: Member) -> PolicyOutcome | None:
    """Return what is said about an XBackend; None while no Gateway of ours has a route that names it."""
    row = view.get(XBackend, member.key)
    if row is None:
        return None
    gateways = (use.gateway for use in view.group(BACKEND_USES, row.metadata.key))
    return ancestors(row.metadata.generation, {gateway: tuple(_said(view, row, gateway)) for gateway in gateways})


def _said(view: View, row: XBackend, gateway: ObjectKey) -> Iterator[Verdict]:
    written = settings(view, ValidationKey(XBackend, row.metadata.key, "spec.tls.validation"))
    tls = None if written is None else as_taken(view, gateway, written)
    client = client_certificate_for(view, gateway, row.metadata.key)
    unkept = refused(row.spec.session_persistence, "spec.sessionPersistence")
    problem = unkept.message if unkept is not None else xbackend_problem(view, row)
    if problem is not None:
        yield verdicts.unsupported_value(problem)
    else:
        yield tls.accepted if tls is not None else verdicts.accepted()
    resolved_refs = (client.resolved, tls.resolved if tls is not None else None)
    resolved = next((each for each in resolved_refs if each is not None and not each.status), verdicts.resolved())
    shown = () if client.certificate is None else (client.certificate,)
    yield warned(resolved, "spec.tls.clientCertificateRef", tuple(time_warnings(view, shown)))
