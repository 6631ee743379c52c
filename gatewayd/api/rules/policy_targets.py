"""Rules about the targets of the policies of our own group, each with the CEL text that their CRDs have for it."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from gatewayd.api.backendpolicy import BackendTargetRef
from gatewayd.api.inherited import InheritedTargetRef, OwnTargetRef
from gatewayd.api.meta import Problem, Problems
from gatewayd.api.refs import EXPERIMENTAL_GROUP, GATEWAY_GROUP, INGRESS_GROUP
from gatewayd.api.rules.cel import Validation
from gatewayd.api.serviceimport import MULTICLUSTER_GROUP

_WITH_SECTIONS: Final = ("Gateway", "ListenerSet", "HTTPRoute", "GRPCRoute")
_BACKENDS_WITH_SECTIONS: Final = ("Service", "ServiceImport")
_GROUPS: Final[Mapping[str, str]] = {
    "Namespace": "",
    "Service": "",
    "ServiceImport": MULTICLUSTER_GROUP,
    "XBackend": EXPERIMENTAL_GROUP,
    "Ingress": INGRESS_GROUP,
}
"""The group of a kind, where it is not that of the Gateway API."""


def group_of_kind(ref: OwnTargetRef) -> Problems:
    """Check that the group is the one that the kind is in (spec.targetRefs[])."""
    wanted = _GROUPS.get(ref.kind, GATEWAY_GROUP)
    if ref.group != wanted:
        yield Problem(path="group", message=f'must be "{wanted}" for kind {ref.kind}')


def target_named(ref: OwnTargetRef) -> Problems:
    """Check that all but a Namespace, which may be the policy's own, have a name (spec.targetRefs[])."""
    if ref.name is None and ref.kind != "Namespace":
        yield Problem(path="name", message=f"is required for kind {ref.kind}")


def section_of_kind(ref: OwnTargetRef) -> Problems:
    """Check that only kinds that have sections are asked for one (spec.targetRefs[])."""
    known = _WITH_SECTIONS if isinstance(ref, InheritedTargetRef) else _BACKENDS_WITH_SECTIONS
    if ref.section_name is not None and ref.kind not in known:
        yield Problem(path="sectionName", message=f"must not be set for kind {ref.kind}")


def _of_targets(group: str, said: str, with_sections: tuple[str, ...]) -> tuple[Validation, ...]:
    return (
        Validation(group_of_kind, f"self.group == ({group})", f"group must be {said}"),
        Validation(
            target_named, "has(self.name) || self.kind == 'Namespace'", "name is required unless kind is Namespace"
        ),
        Validation(
            section_of_kind,
            f"!has(self.sectionName) || self.kind in {list(with_sections)}",
            f"sectionName is for kinds {', '.join(with_sections)}",
        ),
    )


def _groups(*kinds: str) -> tuple[str, str]:
    """Return what the group must be for these kinds and for all others, as CEL and in words."""
    known = [(kind, _GROUPS[kind]) for kind in kinds]
    cel = "".join(f"self.kind == '{kind}' ? '{group}' : " for kind, group in known) + f"'{GATEWAY_GROUP}'"
    words = ", ".join(f"'{group}' for kind {kind}" for kind, group in known)
    return cel, f"{words} and {GATEWAY_GROUP} for the others"


TARGETS: Final[Mapping[type[Struct], tuple[Validation, ...]]] = {
    InheritedTargetRef: _of_targets(*_groups("Namespace", "Ingress"), _WITH_SECTIONS),
    BackendTargetRef: _of_targets(
        *_groups("Namespace", "Service", "ServiceImport", "XBackend"), _BACKENDS_WITH_SECTIONS
    ),
}
