"""Outcomes that are short to write."""

from gatewayd.ir.outcome import (
    Address,
    GatewayClassOutcome,
    GatewayOutcome,
    ListenerOutcome,
    ListenerSetOutcome,
    ParentOutcome,
    PolicyOutcome,
    Reference,
    RouteOutcome,
    Verdict,
)

GROUP = "gateway.networking.k8s.io"
US = "gatewayd.io/controller"
THEM = "other.example/controller"
YES = Verdict(type="Accepted", status=True, reason="Accepted", message="")
NO = Verdict(type="Accepted", status=False, reason="NoMatchingParent", message="spec.parentRefs[0]: no such listener")
RESOLVED = Verdict(type="ResolvedRefs", status=True, reason="ResolvedRefs", message="")


def ref(name: str = "gw", section: str | None = None) -> Reference:
    return Reference(group=GROUP, kind="Gateway", namespace=None, name=name, section=section, port=None)


def listener(name: str = "http", *verdicts: Verdict, attached: int = 0) -> ListenerOutcome:
    return ListenerOutcome(
        name=name, port=80, kinds=((GROUP, "HTTPRoute"),), attached=attached, verdicts=verdicts or (YES,)
    )


def gateway(*listeners: ListenerOutcome, verdicts: tuple[Verdict, ...] = (YES,), generation: int = 2) -> GatewayOutcome:
    return GatewayOutcome(
        generation=generation,
        verdicts=verdicts,
        addresses=(Address(type="IPAddress", value="192.0.2.1", routability=None),),
        listeners=listeners,
        attached_sets=1,
    )


def route(*parents: ParentOutcome, generation: int = 2) -> RouteOutcome:
    return RouteOutcome(generation=generation, parents=parents)


def parent(name: str = "gw", *verdicts: Verdict, section: str | None = None) -> ParentOutcome:
    return ParentOutcome(ref=ref(name, section), verdicts=verdicts or (YES,))


def policy(*ancestors: ParentOutcome) -> PolicyOutcome:
    return PolicyOutcome(generation=2, ancestors=ancestors)


def gatewayclass(*features: str) -> GatewayClassOutcome:
    return GatewayClassOutcome(generation=2, verdicts=(YES,), features=features, in_use=False)


def listenerset(*listeners: ListenerOutcome) -> ListenerSetOutcome:
    return ListenerSetOutcome(generation=2, verdicts=(NO,), listeners=listeners)
