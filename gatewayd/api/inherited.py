"""What the policies of our own group have in common: targets, sections, and that one object is for one strategy.

A policy is written for a target and holds for all that is below it: GatewayClass, Gateway, listener, namespace of the
route, route, rule. One object has either a `default`, which what is below may replace section by section, or an
`override`, which it may not. https://gateway-api.sigs.k8s.io/geps/gep-713/#policy-spec
"""

from typing import Annotated, Final, Literal

from msgspec import Meta

from gatewayd.api.meta import GroupKind, Shape
from gatewayd.api.scalars import Group, ObjectName, SectionName

TargetKind = Literal[
    "GatewayClass", "Gateway", "ListenerSet", "Namespace", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "Ingress"
]
CONNECTION_KINDS: Final = ("TCPRoute", "TLSRoute")
"""Routes whose connections are not looked into: AccessPolicies say which clients they have, RoutePolicies nothing."""


class PolicyPart(Shape, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a policy. A field that is not known is refused: what is mistyped, or newer, must not be left out."""


class OwnTargetRef(PolicyPart, frozen=True, kw_only=True):
    """What a policy is for: an object, or one part of it by `sectionName`; which `kind`s there are is added.

    A Namespace without a name is the policy's own.
    """

    group: Group
    kind: str
    name: ObjectName | None = None
    section_name: SectionName | None = None

    @property
    def group_kind(self) -> GroupKind:
        """What kind of object this points at."""
        return GroupKind(self.group, self.kind)


class InheritedTargetRef(OwnTargetRef, frozen=True, kw_only=True):
    """What a policy is for: an object, or one listener or rule of it by `sectionName`.

    A Namespace without a name is the policy's own.
    """

    kind: TargetKind


class PolicySection(PolicyPart, frozen=True, kw_only=True):
    """A part of a policy, which is inherited or replaced as a whole. `Disabled` cancels the default from above."""

    mode: Literal["Enabled", "Disabled"] = "Enabled"

    @property
    def is_disabled(self) -> bool:
        """Whether it only says that nothing shall be inherited."""
        return self.mode == "Disabled"


class Sections(PolicyPart, frozen=True, kw_only=True):
    """The sections of a kind of policy, each absent or there."""


TargetRefs = Annotated[tuple[InheritedTargetRef, ...], Meta(min_length=1, max_length=16)]


class InheritedSpec(PolicyPart, frozen=True, kw_only=True):
    """What a policy is for. Kinds add `default` and `override`, of which exactly one is there."""

    target_refs: TargetRefs
