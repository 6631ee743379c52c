"""What is said about objects: verdicts of the translator, reports of the fleet.

An Outcome goes from the translator to `status`; `FleetReport` comes from `ads` into the store, and
`InfrastructureReport` from `kube`, as inputs like any other, so that `Programmed` is computed where everything else is.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One condition without its times: `type` and `reason` as the Gateway API names them."""

    type: str
    status: bool
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A parentRef or an ancestorRef, echoed as it was written; None is what was left out."""

    group: str
    kind: str
    namespace: str | None
    name: str
    section: str | None
    port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address of a Gateway; `type` as in the API ("IPAddress", "Hostname").

    `routability` is whence it can be reached: "Cluster", "" for nothing that is promised; None: that is not spoken of.
    """

    type: str
    value: str
    routability: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerOutcome:
    """What is said about one listener; `kinds` are (group, kind) pairs."""

    name: str
    port: int
    kinds: tuple[tuple[str, str], ...]
    attached: int
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentOutcome:
    """What is said about a route for one of its parents, or about a policy for one of its ancestors."""

    ref: Reference
    verdicts: tuple[Verdict, ...]


def _of(parts: tuple[ListenerOutcome, ...] | tuple[ParentOutcome, ...]) -> tuple[Verdict, ...]:
    return tuple(verdict for part in parts for verdict in part.verdicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayClassOutcome:
    """A class of ours; `features` sorted. `in_use`: Gateways name it."""

    generation: int
    verdicts: tuple[Verdict, ...]
    features: tuple[str, ...]
    in_use: bool

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Everything that is said of it."""
        return self.verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshOutcome:
    """An XMesh of ours; `features` sorted."""

    generation: int
    verdicts: tuple[Verdict, ...]
    features: tuple[str, ...]

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Everything that is said of it."""
        return self.verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOutcome:
    """A Gateway of ours."""

    generation: int
    verdicts: tuple[Verdict, ...]
    addresses: tuple[Address, ...]
    listeners: tuple[ListenerOutcome, ...]
    attached_sets: int

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Everything that is said of it and of its listeners."""
        return (*self.verdicts, *_of(self.listeners))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSetOutcome:
    """A ListenerSet whose Gateway is ours."""

    generation: int
    verdicts: tuple[Verdict, ...]
    listeners: tuple[ListenerOutcome, ...]

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Everything that is said of it and of its listeners."""
        return (*self.verdicts, *_of(self.listeners))


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOutcome:
    """A route of any kind: one entry for each parentRef that leads to a Gateway of ours, or to a Service in a mesh."""

    generation: int
    parents: tuple[ParentOutcome, ...]

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Everything that is said of it, for one parent after the other."""
        return _of(self.parents)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressOutcome:
    """An Ingress whose class is ours. Its status has room for `addresses` alone.

    `parents`: what is said of it for the Gateway of its class, or for the class where that leads to none.
    """

    generation: int
    parents: tuple[ParentOutcome, ...]
    addresses: tuple[Address, ...]

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Everything that is said of it."""
        return _of(self.parents)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOutcome:
    """A policy: one entry for each Gateway that it takes effect on."""

    generation: int
    ancestors: tuple[ParentOutcome, ...]

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Everything that is said of it, for one ancestor after the other."""
        return _of(self.ancestors)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParametersOutcome:
    """Parameters of another controller's kind: one entry for each Gateway or GatewayClass of ours that names them.

    Their entries have no field for who wrote them.
    """

    generation: int
    ancestors: tuple[ParentOutcome, ...]

    @property
    def all_verdicts(self) -> tuple[Verdict, ...]:
        """Everything that is said of it, for one that names it after the other."""
        return _of(self.ancestors)


Outcome = (
    GatewayClassOutcome
    | MeshOutcome
    | GatewayOutcome
    | ListenerSetOutcome
    | RouteOutcome
    | IngressOutcome
    | PolicyOutcome
    | ParametersOutcome
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """One NACK: the resources of the refused response that were new to the proxy, and Envoy's own words."""

    type_url: str
    names: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class StandingRefusal:
    """A resource that so many connected proxies have refused, and have taken no other content of since.

    Unlike a Rejection it stands while the next content is on its way, and whatever version that has. `message` is what
    one of them said. `of`: how many say something for or against it.
    """

    type_url: str
    name: str
    message: str
    proxies: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class RefusedSecret:
    """A certificate, or a bundle of them, that an Envoy refused: the version of its content, and Envoy's own words."""

    version: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What a replica says of its own Envoys whose listeners are made by other rules than ours, so that bytes differ.

    `listeners`: names of listener resources that it publishes and that at least one of its Envoys ACKed. `generations`:
    the Gateway and the ListenerSets that these are made of, as it has read them: `metadata.generation` by uid.
    """

    listeners: frozenset[str]
    generations: Mapping[str, int]

    def covers(self, listener: str, uid: str, generation: int) -> bool:
        """Return whether an Envoy has a listener as the object of this uid wants it in this generation, or later."""
        return listener in self.listeners and self.generations.get(uid, -1) >= generation


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetReport:
    """What the Envoys of one Gateway have of the snapshot that was published last, and what they never take.

    `connected`: open streams. `acked_listeners`: names of listener resources whose published version at least one
    connected Envoy ACKed. `rejections`: NACKs of versions that are still the published ones, sorted.
    `standing`: what is refused until something else is taken, sorted, each resource once. `fresh`: while there is
    any, streams that have just begun and say nothing for or against yet.
    `refused_secrets`: what of all that was ever published is not to be tried again, sorted, each version once.
    `vouched`: what replicas of another edition say, while two of them run. `policies`: which ones all Envoys have that
    have ever had everything, generations by policy (`gatewayd.ir.carriers`); None where there is no such Envoy.
    """

    connected: int
    acked_listeners: frozenset[str]
    rejections: tuple[Rejection, ...]
    standing: tuple[StandingRefusal, ...] = ()
    fresh: int = 0
    refused_secrets: tuple[RefusedSecret, ...] = ()
    vouched: tuple[Vouched, ...] = ()
    policies: Mapping[str, int] | None = None

    @property
    def held_listeners(self) -> frozenset[str]:
        """Names of the listeners that a connected Envoy has, made by our rules or by those of another edition."""
        return self.acked_listeners.union(*(each.listeners for each in self.vouched))


NO_FLEET = FleetReport(connected=0, acked_listeners=frozenset(), rejections=())


@dataclass(frozen=True, slots=True, kw_only=True)
class InfrastructureReport:
    """What keeps a Gateway from what must run for it, in the API server's words where it refused something."""

    problems: tuple[str, ...]
