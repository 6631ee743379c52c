"""What an overview shows of Gateways and routes as far as it follows from objects, before any proxy has said a word.

In: decisions of the translator. Out: values for `introspection`, which adds how far each is in the proxies.
"""

from dataclasses import dataclass

from gatewayd.ir.outcome import ParentOutcome, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerOverview:
    """A listener. `bound` is the port that Envoy binds; `per_host`: its routes come host by host."""

    name: str
    port: int
    bound: int
    per_host: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOverview:
    """A Gateway of ours."""

    listeners: tuple[ListenerOverview, ...]
    addresses: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherClass:
    """A Gateway that is not ours: its class is another controller's, or is not there."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOverview:
    """A route of any kind. `parents` as in its status: empty when none leads to a Gateway of ours."""

    hostnames: tuple[str, ...]
    parents: tuple[ParentOutcome, ...]


Overview = GatewayOverview | OtherClass | RouteOverview
