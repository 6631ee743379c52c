"""What is said about Ingresses whose class is ours. Their status has no conditions: Events and `gatewayd why` tell it.

In: what decided, as for routes. Out: an IngressOutcome, or that of a route of another kind.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from gatewayd.api.ingress import Ingress
from gatewayd.incremental.view import Member, View, rescued_query
from gatewayd.ir.outcome import Address, IngressOutcome, ParentOutcome, Reference, Verdict
from gatewayd.ir.tls import Certificate
from gatewayd.translator import verdicts
from gatewayd.translator.attachment import ParentAttachment, attachments
from gatewayd.translator.certificate_warnings import time_warnings, warned
from gatewayd.translator.gateways.addresses import addresses
from gatewayd.translator.gateways.termination import certificate_of
from gatewayd.translator.ingresses import (
    INGRESS_CLASS_KIND,
    NoGateway,
    TLSEntry,
    class_gateway,
    class_name,
    is_ours,
    tls_entries,
)
from gatewayd.translator.live_annotations import live_annotations
from gatewayd.translator.outcomes.closed_rules import closed_rules
from gatewayd.translator.outcomes.ingress_paths import taken_paths
from gatewayd.translator.outcomes.refused_by_proxies import refused_at
from gatewayd.translator.proxies.server_names import server_names, shown_certificate
from gatewayd.translator.rescues import blame
from gatewayd.translator.rules.route_kinds import rules


def _failed_ingress(
    view: View, member: Member, error: Exception, before: IngressOutcome | None
) -> IngressOutcome | None:
    """Say that gatewayd fails on an Ingress; its addresses stay, since others take DNS records from them."""
    row = view.get(Ingress, member.key)
    if row is None or not is_ours(view, row):
        return None
    conditions = (verdicts.invalid(blame("spec", error)), verdicts.resolved())
    parent = ParentOutcome(ref=_class_reference(class_name(view, row) or ""), verdicts=conditions)
    kept = before.addresses if before is not None else ()
    return IngressOutcome(generation=row.metadata.generation, parents=(parent,), addresses=kept)


@rescued_query(_failed_ingress)
def ingress_outcome(view: View, member: Member) -> IngressOutcome | None:
    """Return what is said about an Ingress; None when its class is not ours."""
    row = view.get(Ingress, member.key)
    if row is None or not is_ours(view, row):
        return None
    parents = tuple(_parents(view, member, row)) or (_without_gateway(view, row),)
    attached = tuple(parent.gateway for parent in attachments(view, member) if parent.attached)
    reached = tuple(address for gateway in attached for address in addresses(view, gateway).assigned)
    return _outcome(row.metadata.generation, parents, _distinct(reached))


@lru_cache(maxsize=256)
def _outcome(generation: int, parents: tuple[ParentOutcome, ...], reached: tuple[Address, ...]) -> IngressOutcome:
    """Make an outcome: the one that all Ingresses have in common of which nothing else is to be said."""
    return IngressOutcome(generation=generation, parents=parents, addresses=reached)


def _distinct(reached: tuple[Address, ...]) -> tuple[Address, ...]:
    return tuple(dict.fromkeys(reached))


def _without_gateway(view: View, row: Ingress) -> ParentOutcome:
    """Say why the class of an Ingress leads to no Gateway of ours."""
    name = class_name(view, row) or ""
    gateway = class_gateway(view, name)
    why = gateway.message if isinstance(gateway, NoGateway) else f'Gateway "{gateway}" is not of gatewayd'
    verdict = verdicts.invalid_parameters(f"spec.ingressClassName: {why}")
    return ParentOutcome(ref=_class_reference(name), verdicts=(verdict, verdicts.resolved()))


def _class_reference(name: str) -> Reference:
    group, kind = INGRESS_CLASS_KIND
    return Reference(group=group, kind=kind, namespace=None, name=name, section=None, port=None)


def _parents(view: View, member: Member, row: Ingress) -> Iterator[ParentOutcome]:
    rule_set = rules(view, member)
    for parent in attachments(view, member):
        conditions = [parent.verdict, _resolved(view, member, row, parent)]
        closed = _closed(view, member, parent) if parent.verdict.status else None
        if closed is not None:
            conditions.append(closed)
        partial = _partial(rule_set.partial, tuple(taken_paths(view, row, parent.gateway)))
        if partial is not None and parent.verdict.status:
            conditions.append(partial)
        refused = refused_at(view, member, parent)
        if refused is not None:
            conditions.append(refused)
        yield ParentOutcome(ref=parent.ref, verdicts=tuple(conditions))


def _closed(view: View, member: Member, parent: ParentAttachment) -> Verdict | None:
    """Return what closes paths: policies for them, and protections among the annotations that cannot be had."""
    by_policy, annotations = closed_rules(view, member, parent), live_annotations(view, member)
    closing = annotations.closing if annotations is not None else ()
    if not closing:
        return by_policy
    told = "; ".join(f"{fate.path}: {fate.message}" for fate in closing)
    own = verdicts.closed_by_policy(f"{told}; requests get a 500 until then")
    return own if by_policy is None else replace(own, message=f"{own.message}; {by_policy.message}")


def _partial(partial: Verdict | None, taken: tuple[str, ...]) -> Verdict | None:
    """Return what of an Ingress has no effect: what cannot be had, and what an older one has."""
    if not taken:
        return partial
    lost = verdicts.path_taken("; ".join(taken))
    return lost if partial is None else replace(partial, message=f"{partial.message}; {lost.message}")


def _resolved(view: View, member: Member, row: Ingress, parent: ParentAttachment) -> Verdict:
    """Return whether everything that an Ingress refers to is there: Services, and Secrets of its namespace."""
    unresolved = rules(view, member).unresolved
    wrong = [] if unresolved is None else [unresolved]
    warnings: list[str] = []
    for entry in tls_entries(row) if parent.attached else ():
        of_secret = certificate_of(view, parent.gateway, entry.secret, f"{entry.path}.secretName")
        wrong += [
            each for each in (of_secret.wrong, _without_listener(view, member, entry, parent)) if each is not None
        ]
        if of_secret.certificate is not None:
            warnings += time_warnings(view, (of_secret.certificate,))
            warnings += _shown_instead(view, member, entry, of_secret.certificate)
    told = verdicts.resolved()
    if wrong:
        told = verdicts.unresolved(wrong[0].reason, "; ".join(each.message for each in wrong))
    return warned(told, "spec.tls", tuple(dict.fromkeys(warnings)))


def _without_listener(view: View, member: Member, entry: TLSEntry, parent: ParentAttachment) -> Verdict | None:
    """Return that no listener of the Gateway speaks TLS for hosts of an entry, None when each has one."""
    served = {name.hostname for name in server_names(view, member)}
    missing = [host for host in entry.hosts if host not in served]
    if not missing:
        return None
    message = f'{entry.path}.hosts: Gateway "{parent.gateway}" has no HTTPS listener for {", ".join(missing)}'
    return verdicts.invalid_certificate_ref(message)


def _shown_instead(view: View, member: Member, entry: TLSEntry, own: Certificate) -> Iterator[str]:
    """Yield the hosts of an entry for which another certificate is shown, with whose that is."""
    for name in server_names(view, member):
        if name.hostname not in entry.hosts:
            continue
        shown = shown_certificate(view, name)
        if shown is None:
            yield f"{name.hostname} is served with the certificate of listener {name.listener.section}"
        elif shown.certificate.name != own.name:
            yield f'{name.hostname} is served with the certificate of Ingress "{shown.ingress}", which is older'
