"""A model of Envoy as an ADS client, and snapshots for it.

The model follows Envoy where it matters: it subscribes to the endpoints that its clusters need and to the routes and
the filter that its listeners need, keeps back the ACK of clusters that warm, warms a changed cluster until it sees
endpoints again without asking for them, applies the good clusters and listeners of a response that it refuses, and
remembers no version of it. A body that contains `poison` is refused.
"""

from collections import deque
from dataclasses import dataclass, replace

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import extension_pb2
from envoy.extensions.filters.http.jwt_authn.v3 import config_pb2
from envoy.service.discovery.v3 import discovery_pb2 as discovery
from google.rpc import status_pb2
from hypothesis import strategies as st

from gatewayd.ads.protocol.session import Request
from gatewayd.ads.sharing.response_encoder import Mode
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds import resource as xds
from gatewayd.xds.encoding import extension, serialised
from gatewayd.xds.filters import tokens
from gatewayd.xds.resource import CLUSTER, ENDPOINT, FILTER, LISTENER, ROUTE, Resource, Snapshot, TypeUrl

TYPES = (CLUSTER, ENDPOINT, LISTENER, ROUTE, FILTER)
WILD = (CLUSTER, LISTENER)
LISTS = {CLUSTER: ("Error adding/updating cluster(s) ", ", "), LISTENER: ("Error adding/updating listener(s) ", "\n")}


def cluster(name: str, *, eds: bool, edition: str) -> Resource:
    kind = cluster_pb2.Cluster.EDS if eds else cluster_pb2.Cluster.STATIC
    message = cluster_pb2.Cluster(name=name, type=kind, alt_stat_name=edition)
    return xds.resource(CLUSTER, name, message.SerializeToString(deterministic=True))


def names_in(body: bytes) -> list[str]:
    """Read the references of a model route or listener: `own name:edition|name|name`."""
    return [name for name in body.decode().split("|")[1:] if name and name[0] != "?"]


def asked_in(body: bytes) -> set[str]:
    """Read what a model route asks of the filter: each is written as `?name`."""
    return {name[1:] for name in body.decode().split("|")[1:] if name.startswith("?")}


def filter_of(asked: set[str]) -> Resource:
    """Return the one filter that listeners discover, with what routes ask of it."""
    requirements = {name: config_pb2.JwtRequirement(provider_name=name) for name in asked}
    config = config_pb2.JwtAuthentication(requirement_map=requirements)
    return xds.resource(FILTER, tokens.NAME, serialised(extension(tokens.NAME, config)))


def offered_by(found: Resource | None) -> set[str]:
    """Return what routes may ask of a filter."""
    if found is None:
        return set()
    packed = extension_pb2.TypedExtensionConfig.FromString(found.body).typed_config
    return set(config_pb2.JwtAuthentication.FromString(packed.value).requirement_map)


CLUSTERS = ("c0", "c1", "c2")
EDITIONS = st.sampled_from(["v1"] * 4 + ["v2"] * 4 + ["v3"] * 2 + ["poison1", "poison2"])


def some(*names: str) -> st.SearchStrategy[list[str]]:
    """Draw some of the names, often all."""
    return st.one_of(st.just(list(names)), st.sets(st.sampled_from(names)).map(sorted))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw resources whose references are complete, as the translator's are."""
    found: list[Resource] = []
    clusters = draw(some(*CLUSTERS))
    for name in clusters:
        found.append(cluster(name, eds=draw(st.booleans()), edition=draw(EDITIONS)))
        if draw(st.booleans()):
            found.append(xds.resource(ENDPOINT, name, f"{name}:{draw(EDITIONS)}".encode()))
    used = st.lists(st.sampled_from(clusters), max_size=2) if clusters else st.just([])
    routes = draw(some("r0", "r1"))
    asking = st.sets(st.sampled_from(["?a", "?b"]), max_size=2).map(sorted)
    bodies = {name: "|".join([f"{name}:{draw(EDITIONS)}", *draw(used), *draw(asking)]) for name in routes}
    found.append(filter_of({each for body in bodies.values() for each in asked_in(body.encode())}))
    found += [xds.resource(ROUTE, name, body.encode()) for name, body in bodies.items()]
    for name in draw(some("l0", "l1")) if routes else []:
        route = draw(st.sampled_from(routes))
        found.append(xds.resource(LISTENER, name, f"{name}:{draw(EDITIONS)}|{route}".encode()))
    return xds.snapshot(GatewayFleet(namespace="ns", name="gw"), found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A parsed response of either variant."""

    type_url: TypeUrl
    nonce: str
    version: str
    made: tuple[Resource, ...]
    removed: tuple[str, ...]


def parsed(mode: Mode, data: bytes) -> Response:
    if mode is Mode.DELTA:
        delta = discovery.DeltaDiscoveryResponse.FromString(data)
        made = tuple(
            Resource(
                type_url=TypeUrl(each.resource.type_url),
                name=each.name,
                version=each.version,
                own=each.resource.value,
                tail=b"",
            )
            for each in delta.resources
        )
        return Response(
            type_url=TypeUrl(delta.type_url),
            nonce=delta.nonce,
            version="",
            made=made,
            removed=tuple(delta.removed_resources),
        )
    message = discovery.DiscoveryResponse.FromString(data)
    return Response(
        type_url=TypeUrl(message.type_url),
        nonce=message.nonce,
        version=message.version_info,
        made=tuple(
            xds.resource(TypeUrl(each.type_url), name_of(each.type_url, each.value), each.value)
            for each in message.resources
        ),
        removed=(),
    )


def name_of(type_url: str, body: bytes) -> str:
    """Find a resource's name where SotW hides it: in the body."""
    if type_url == FILTER:
        return str(extension_pb2.TypedExtensionConfig.FromString(body).name)
    return (
        str(cluster_pb2.Cluster.FromString(body).name)
        if type_url == CLUSTER
        else body.decode().split(":")[0].lstrip("\n\2")
    )


class Client:
    """The model of Envoy: what it has, wants and says. `lasting` are clusters that warm until that is over."""

    def __init__(self, mode: Mode) -> None:
        self.mode = mode
        self.has: dict[TypeUrl, dict[str, Resource]] = {url: {} for url in TYPES}
        self.known: dict[TypeUrl, dict[str, str]] = {url: {} for url in TYPES}  # versions it would declare
        self.versions: dict[TypeUrl, str] = dict.fromkeys(TYPES, "")
        self.lasting: set[str] = set()
        self.connect()

    def connect(self) -> None:
        """Open a stream: the first request of each type, in Envoy's order.

        What it took of a response that it refused has no version that it could name.
        """
        self.says: deque[Request] = deque()
        self.paused: deque[Request] = deque()
        self.nonces: dict[TypeUrl, str] = dict.fromkeys(TYPES, "")
        self.interest: dict[TypeUrl, set[str]] = {url: set() for url in TYPES}
        self.warming: set[str] = set()
        self.first = set(TYPES)
        for url in (CLUSTER, LISTENER):
            self.says.append(self.request(url, subscribe=(), unsubscribe=()))
        self.update_interest()

    def request(self, url: TypeUrl, *, subscribe: tuple[str, ...], unsubscribe: tuple[str, ...]) -> Request:
        is_first = url in self.first
        self.first.discard(url)
        if self.mode is Mode.SOTW:
            return discovery.DiscoveryRequest(
                type_url=url,
                resource_names=sorted(self.interest[url]),
                response_nonce=self.nonces[url],
                version_info=self.versions[url],
            )
        request = discovery.DeltaDiscoveryRequest(
            type_url=url, resource_names_subscribe=subscribe, resource_names_unsubscribe=unsubscribe
        )
        if is_first:
            request.initial_resource_versions.update(self.known[url])
        return request

    def update_interest(self) -> None:
        """Want the endpoints of the clusters, and the routes and the filter of the listeners, that are there."""
        eds = {
            name
            for name, item in self.has[CLUSTER].items()
            if cluster_pb2.Cluster.FromString(item.body).type == cluster_pb2.Cluster.EDS
        }
        rds = {name for item in self.has[LISTENER].values() for name in names_in(item.body)}
        filters = {tokens.NAME} if self.has[LISTENER] else set[str]()
        for url, wanted in ((ENDPOINT, eds), (FILTER, filters), (ROUTE, rds)):
            old, self.interest[url] = self.interest[url], wanted
            for name in old - wanted:
                self.has[url].pop(name, None)
                self.known[url].pop(name, None)
            if old != wanted:
                more, less = tuple(sorted(wanted - old)), tuple(sorted(old - wanted))
                self.says.append(self.request(url, subscribe=more, unsubscribe=less))
        self.warming &= eds

    def take(self, response: Response) -> None:
        """Process a response as Envoy does, and answer it; what it did not ask for it does not look at."""
        url = response.type_url
        if url not in WILD:
            wanted = tuple(item for item in response.made if item.name in self.interest[url])
            response = replace(response, made=wanted)
        bad = [item.name for item in response.made if b"poison" in item.body]
        self.apply(response, bad)
        if not bad:
            self.versions[url] = response.version
            self.known[url].update({item.name: item.version for item in response.made})
            for name in response.removed:
                self.known[url].pop(name, None)
        self.nonces[url] = response.nonce
        if url == ENDPOINT:
            self.warming -= {item.name for item in response.made} - self.lasting | set(response.removed)
        self.answer(url, response, bad)
        self.update_interest()
        self.say_what_waited()

    def say_what_waited(self) -> None:
        """Answer for clusters once none warms."""
        if not self.warming:
            self.says.extend(self.paused)
            self.paused.clear()

    def apply(self, response: Response, bad: list[str]) -> None:
        """Change what the client has: all that is good of clusters and listeners, else up to the first bad one."""
        url, has = response.type_url, self.has[response.type_url]
        if self.mode is Mode.SOTW and url in WILD:
            for name in set(has) - {item.name for item in response.made}:
                del has[name]
        for item in response.made:
            if item.name in bad:
                if url in WILD:
                    continue
                break
            if url == CLUSTER and has.get(item.name) != item:
                self.warming.add(item.name)
            has[item.name] = item
        if not bad or url in WILD:
            for name in response.removed:
                has.pop(name, None)

    def answer(self, url: TypeUrl, response: Response, bad: list[str]) -> None:
        """ACK or NACK."""
        request = self.request(url, subscribe=(), unsubscribe=())
        request.response_nonce = response.nonce
        if bad:
            head, separator = LISTS.get(url, ("refused", ""))
            words = head + separator.join(f"{name}: poison" for name in bad) if url in LISTS else head
            request.error_detail.CopyFrom(status_pb2.Status(message=words))
        eds = {each for each in self.warming if self.is_eds(each)}
        self.warming &= eds
        (self.paused if url == CLUSTER and self.warming else self.says).append(request)

    def is_eds(self, name: str) -> bool:
        item = self.has[CLUSTER].get(name)
        return item is not None and cluster_pb2.Cluster.FromString(item.body).type == cluster_pb2.Cluster.EDS
