"""What a cluster must run for one Gateway; the third projection beside proxies and statuses.

Pairs are sorted tuples instead of mappings, so that values compare and hash.
"""

from dataclasses import dataclass
from hashlib import blake2b

from gatewayd.ir import limits
from gatewayd.ir.access_log import EVERYTHING, Logged
from gatewayd.ir.environment import ANY_IPV4
from gatewayd.ir.envoy_releases import ENVOY
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.ir.global_limits import RateLimitService
from gatewayd.ir.quantity import amount
from gatewayd.ir.quotas import Quotas, Usage
from gatewayd.own_group import MANAGER

Pairs = tuple[tuple[str, str], ...]

ENVOY_IMAGE = f"docker.io/envoyproxy/envoy:v{ENVOY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayServicePort:
    """A port of the Gateway's Service; `transport` is "TCP" or "UDP", `target` what Envoy binds."""

    name: str
    port: int
    target: int
    transport: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Requests and limits of the Envoy container, as Kubernetes quantities."""

    requests: Pairs
    limits: Pairs

    @property
    def memory_limit(self) -> int | None:
        """The bytes that the container may have; None: as many as there are."""
        limit = dict(self.limits).get("memory")
        return None if limit is None else int(amount(limit))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """So many pods."""

    replicas: int


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """As many pods as somebody else says, a HorizontalPodAutoscaler of the user's or `kubectl scale`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaled:
    """`least` to `most` pods, so that they use about `cpu` percent of the CPU that they request."""

    least: int
    most: int
    cpu: int


Scaling = Fixed | External | Autoscaled


@dataclass(frozen=True, slots=True, kw_only=True)
class Toleration:
    """A taint of nodes that pods run on all the same; `seconds` None: for as long as it lasts."""

    key: str
    operator: str
    value: str
    effect: str
    seconds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What may be set of the infrastructure, by the class for all its Gateways and by a Gateway for itself.

    `workload` is "Deployment" or "DaemonSet", `network_policy` "Managed" or "None". `concurrency` 0 lets Envoy
    follow its CPU limit. `affinity` is JSON. `priority_class` "": the cluster's default. What is "", or None, of the
    Service is for the API server to say; without `source_ranges` everybody is let in. `logged` None: no access log.
    `host_network`: pods have the network of their nodes, and so one a node.
    `rate_limit_service` None: nobody counts for all proxies. What else there is says how much one route, and all routes
    of a namespace, may take up of the proxies.
    """

    workload: str
    scaling: Scaling
    image: str
    service_type: str
    external_traffic_policy: str
    node_selector: Pairs
    resources: Resources
    concurrency: int
    extra_args: tuple[str, ...]
    logged: Logged | None
    network_policy: str
    route_matches: int
    route_expressions: int
    route_bytes: int
    namespace_matches: int
    namespace_expressions: int
    namespace_bytes: int
    rate_limit_service: RateLimitService | None = None
    tolerations: tuple[Toleration, ...] = ()
    affinity: str = ""
    priority_class: str = ""
    load_balancer_class: str = ""
    source_ranges: tuple[str, ...] = ()
    node_ports: bool | None = None
    ip_family_policy: str = ""
    internal_traffic_policy: str = ""
    host_network: bool = False

    @property
    def quotas(self) -> Quotas:
        """What routes may take up of the proxies."""
        return Quotas(
            route=Usage(self.route_matches, self.route_expressions, self.route_bytes),
            namespace=Usage(self.namespace_matches, self.namespace_expressions, self.namespace_bytes),
        )


DEFAULT_PARAMETERS = Parameters(
    workload="Deployment",
    scaling=Fixed(replicas=1),
    image=ENVOY_IMAGE,
    service_type="LoadBalancer",
    external_traffic_policy="Cluster",
    node_selector=(),
    resources=Resources(requests=(("cpu", "100m"), ("memory", "128Mi")), limits=()),
    concurrency=0,
    extra_args=(),
    logged=EVERYTHING,
    network_policy="Managed",
    route_matches=limits.ROUTE_RULES,
    route_expressions=limits.ROUTE_REGEXES,
    route_bytes=limits.ROUTE_BYTES,
    namespace_matches=limits.NAMESPACE_RULES,
    namespace_expressions=limits.NAMESPACE_REGEXES,
    namespace_bytes=limits.NAMESPACE_BYTES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The Gateway `namespace`/`name` with this `uid`, which what is made for it belongs to.

    `labels` are the user's (spec.infrastructure). `manager` marks whose Gateway it is (`own_group.manager`).
    """

    namespace: str
    name: str
    uid: str
    labels: Pairs
    manager: str = MANAGER

    @property
    def fleet(self) -> GatewayFleet:
        """The Gateway's proxies."""
        return GatewayFleet(namespace=self.namespace, name=self.name)

    @property
    def object_name(self) -> str:
        """The name of all objects made for the Gateway."""
        return object_name(self.namespace, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Infrastructure(Owner):
    """Everything that must run for a Gateway. `annotations` are the user's; `addresses` are those asked for.

    `withheld` are the keys of labels and annotations that reach no pod and no ServiceAccount. `per_host` are the route
    tables that are discovered per host, as its Service records them. `listens_at`: all addresses of a pod.
    """

    ports: tuple[GatewayServicePort, ...]
    annotations: Pairs
    withheld: tuple[str, ...]
    addresses: tuple[str, ...]
    per_host: str
    parameters: Parameters
    listens_at: str = ANY_IPV4


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep(Owner):
    """What is there for a Gateway stays as it is, and what is not there is not made; `reason` is why.

    Nothing is changed or deleted but a client certificate that is there, which is renewed in time.
    """

    reason: str


Provision = Infrastructure | Keep
"""What is to be done for a Gateway; no value at all: what there is of it goes."""


def object_name(namespace: str, name: str) -> str:
    """Return a name of at most 63 characters for what is made for a Gateway, whose own name may have 253.

    It begins with a letter, as Services must; the hash keeps apart what shortening makes alike.
    https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#rfc-1035-label-names
    """
    tail = blake2b(f"{namespace}/{name}".encode(), digest_size=5).hexdigest()
    readable = name.replace(".", "-")[:40].strip("-")
    return f"gatewayd-{readable}-{tail}"


def service_port_name(transport: str, port: int) -> str:
    """Return what a port is called in a Gateway's Service and its EndpointSlices; `transport`: "tcp", "udp"."""
    return f"{transport}-{port}"


def label_value(name: str) -> str:
    """Return a Gateway's name as a label's value: shortened with a hash when it has more than 63 characters."""
    if len(name) <= 63:
        return name
    return f"{name[:50].rstrip('-.')}-{blake2b(name.encode(), digest_size=5).hexdigest()}"
