"""Annotations of an Ingress as policies of ours: sections for the Ingress itself, and for the Services it leads to.

Nobody has written these policies, and nothing is written of them: they are defaults like others, at the target itself.
In: what the annotations come to. Out: a stand-in of each kind of policy.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy, AccessPolicySpec, AccessSections
from gatewayd.api.backendpolicy import BackendPolicy, BackendSections
from gatewayd.api.decode import read_as
from gatewayd.api.ingress import NGINX_PREFIX, Ingress, IngressBackend
from gatewayd.api.ingressclass import IngressClass
from gatewayd.api.inherited import InheritedTargetRef, PolicySection, Sections
from gatewayd.api.meta import Problem
from gatewayd.api.routepolicy import RoutePolicy, RouteSections
from gatewayd.incremental.view import Member, View, query
from gatewayd.translator.ingresses import INGRESS_KIND
from gatewayd.translator.live_annotations import annotation_mode, live_annotations
from gatewayd.translator.nginx.annotations import JSON, NginxAnnotations, annotation_path
from gatewayd.translator.nginx.live import SECTIONS, LiveAnnotations, live
from gatewayd.translator.policies.kinds import POLICY_KINDS, InheritedTable


class AnnotatedSection(NamedTuple):
    """A section of a policy, by its attribute, and the path of the annotation that it was made of."""

    name: str
    value: PolicySection
    path: str


class AnnotatedPolicies(NamedTuple):
    """The sections of each kind of policy that annotations come to, and what of them cannot be read."""

    access: tuple[AnnotatedSection, ...]
    route: tuple[AnnotatedSection, ...]
    backend: tuple[AnnotatedSection, ...]
    problems: tuple[Problem, ...]

    def of(self, table: InheritedTable) -> tuple[AnnotatedSection, ...]:
        """Return the sections of a kind."""
        return {AccessPolicy: self.access, RoutePolicy: self.route, BackendPolicy: self.backend}.get(table, ())


_OF_ANNOTATIONS: Final = (AccessPolicy.__name__, RoutePolicy.__name__, BackendPolicy.__name__)
_OF_ACCESS: Final = tuple(f"{NGINX_PREFIX}{name}" for name in ("auth-type", "auth-url"))
"""What names Secrets and servers."""
NONE_ANNOTATED: Final = AnnotatedPolicies((), (), (), ())


def annotated(view: View, member: Member) -> AnnotatedPolicies:
    """Return what the annotations of an Ingress come to; nothing where its class does not ask for them."""
    annotations = live_annotations(view, member)
    return NONE_ANNOTATED if annotations is None or annotations.is_canary else _annotated(view, member)


@query
def _annotated(view: View, member: Member) -> AnnotatedPolicies:
    annotations = live_annotations(view, member)
    return NONE_ANNOTATED if annotations is None else _policies(annotations)


def _policies(annotations: LiveAnnotations) -> AnnotatedPolicies:
    effect, written = annotations.effect, annotations.written
    problems: list[Problem] = []
    return AnnotatedPolicies(
        access=tuple(_sections(effect.access, AccessPolicy, AccessSections, written, problems)),
        route=tuple(_sections(effect.passage, RoutePolicy, RouteSections, written, problems)),
        backend=tuple(_sections(effect.backend, BackendPolicy, BackendSections, written, problems)),
        problems=tuple(problems),
    )


def _sections(
    given: JSON, table: InheritedTable, struct: type[Sections], written: NginxAnnotations, problems: list[Problem]
) -> Iterator[AnnotatedSection]:
    for wire, value in given.items():
        named = next((name for name in SECTIONS[wire] if name in written), SECTIONS[wire][0])
        path = annotation_path(named)
        read = read_as({wire: value}, struct)
        if isinstance(read, tuple):
            problems.extend(Problem(path=path, message=each.message) for each in read)
            continue
        for name in POLICY_KINDS[table].names:
            if getattr(read, name) is not None:
                yield AnnotatedSection(name, getattr(read, name), path)


@query
def asks_for_annotations(view: View, member: Member) -> tuple[str, ...]:
    """Return the kinds that annotations of a class's Ingresses count as: by class, so that no Ingress changes it."""
    row = view.get(IngressClass, member.key)
    return () if row is None or annotation_mode(view, row.metadata.name) is None else _OF_ANNOTATIONS


def annotated_access(row: Ingress) -> AccessPolicy:
    """Return the Secrets and servers that the annotations of an Ingress name, as an AccessPolicy has them.

    Whether they count is not asked. Most Ingresses name none, and are not read for that.
    """
    if not any(name in row.metadata.annotations for name in _OF_ACCESS):
        return AccessPolicy(metadata=row.metadata, spec=AccessPolicySpec(target_refs=()))
    annotations = live(NginxAnnotations.of(row.metadata.namespace, row.metadata.annotations), strict=True)
    sections: dict[str, Any] = {each.name: each.value for each in _policies(annotations).access}
    ref = InheritedTargetRef(group=INGRESS_KIND.group, kind="Ingress", name=row.metadata.name)
    return AccessPolicy(
        metadata=row.metadata, spec=AccessPolicySpec(target_refs=(ref,), default=AccessSections(**sections))
    )


def services(row: Ingress) -> Iterator[str]:
    """Yield the Services that an Ingress leads to, each once."""
    rules = (rule.http.paths for rule in row.spec.rules if rule.http is not None)
    backends: list[IngressBackend | None] = [row.spec.default_backend, *(each.backend for one in rules for each in one)]
    yield from dict.fromkeys(each.service.name for each in backends if each is not None and each.service is not None)
