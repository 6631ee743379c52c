"""Small sets of objects that have much to do with each other: few names, so that references meet."""

from typing import Any, TypeVar

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gatewayd.api.core import Secret
from gatewayd.api.decode import Decoded, decode
from gatewayd.api.kinds import KINDS
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.environment import HERE, Environment
from gatewayd.ir.tls import Certificate, TrustBundle
from gatewayd.store import Delta
from gatewayd.translator.certificates import certificate
from tests.property import ingresses, refusals, traces
from tests.property.ingresses import HOSTS, one_of
from tests.unit.translator import pem
from tests.unit.translator.manifests import deltas

API_VERSIONS = {kind.kind: kind.api_version for kind in KINDS}
T = TypeVar("T")
Json = dict[str, Any]
Spec = st.SearchStrategy[Json]

VARIANTS = 60
"""How many different bodies there are for the objects of a kind."""

NAMESPACES = st.sampled_from(["shop", "blog"])
GATEWAYS = ("gw", "edge")
TIMES = st.sampled_from(["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"])
CERTIFICATES = {
    (name, namespace): deltas(text)[0]
    for name in ("good", "bad")
    for namespace in ("shop", "blog")
    for text in [
        pem.good_secret(name, namespace)
        if name == "good"
        else pem.secret(name, pem.certificate_of(pem.ec_key()), pem.pem_of(pem.ec_key(1)), namespace)
    ]
}


def maybe(**fields: st.SearchStrategy[Any]) -> Spec:
    """Draw an object some of whose fields may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


def few(each: st.SearchStrategy[Any], most: int, least: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(each, min_size=least, max_size=most)


# --- who may come in -------------------------------------------------------------------------------------------

SELECTOR: Json = {"from": "Selector", "selector": {"matchLabels": {"team": "red"}}}
ALL: Json = {"from": "All"}
ALLOWED_NAMESPACES = one_of(ALL, ALL, ALL, ALL, {"from": "Same"}, SELECTOR)
KINDS_TAKEN = st.lists(one_of("HTTPRoute", "GRPCRoute", "TCPRoute", "OddRoute"), min_size=1, max_size=3, unique=True)
ALLOWED_ROUTES = one_of({}, {"namespaces": ALL}, {"namespaces": ALL}) | st.fixed_dictionaries(
    {"namespaces": ALLOWED_NAMESPACES},
    optional={"kinds": KINDS_TAKEN.map(lambda many: [{"kind": each} for each in many])},
)
CERTIFICATE = st.fixed_dictionaries({"name": one_of("good", "bad", "none")}, optional={"namespace": NAMESPACES})
TERMINATE = st.fixed_dictionaries({"certificateRefs": few(CERTIFICATE, 2, 1)})
PASS: Json = {"mode": "Passthrough"}


ASKED = st.fixed_dictionaries(
    {"name": one_of("cart", "pay", "none"), "port": st.just(80)}, optional={"namespace": one_of("shop", "blog")}
)
AUTH = ASKED.map(
    lambda ref: {"type": "ExternalAuth", "externalAuth": {"protocol": "GRPC", "backendRef": ref, "grpc": {}}}
)
SOCKET = one_of(
    (80, "HTTP"),
    (80, "HTTP"),
    (443, "HTTPS"),
    (443, "HTTPS"),
    (443, "TLS"),
    (443, "TLS"),
    (9000, "TCP"),
    (9000, "UDP"),
    (9000, "HTTP"),
    (80, "example.com/odd"),
)


@st.composite
def listeners(draw: st.DrawFn) -> list[Json]:
    """Draw listeners that the CRD lets through: no two alike in port, protocol and hostname."""
    found: dict[tuple[object, ...], Json] = {}
    for at in range(draw(st.integers(2, 5))):
        port, protocol = draw(SOCKET) if at else (80, "HTTP")
        each: Json = {"name": f"l{at}", "port": port, "protocol": protocol, "allowedRoutes": draw(ALLOWED_ROUTES)}
        if protocol in ("HTTP", "HTTPS", "TLS") and draw(st.booleans()):
            each["hostname"] = draw(HOSTS)
        if protocol in ("HTTP", "HTTPS") and draw(one_of(*[False] * 3, True)):
            each["filters"] = {"requests": draw(few(AUTH, 2))}
        if protocol == "HTTPS":
            each["tls"] = draw(TERMINATE)
        if protocol == "TLS":
            each["tls"] = draw(TERMINATE | st.just(PASS))
        found.setdefault((port, protocol, each.get("hostname")), each)
    return list(found.values())


GATEWAY = st.fixed_dictionaries(
    {"gatewayClassName": one_of(*["gatewayd"] * 7, "other"), "listeners": listeners()},
    optional={
        "allowedListeners": st.fixed_dictionaries({"namespaces": ALLOWED_NAMESPACES | st.just({"from": "None"})})
    },
)
LISTENER_SET = st.fixed_dictionaries(
    {
        "parentRef": st.fixed_dictionaries({"name": one_of(*GATEWAYS), "namespace": st.just("shop")}),
        "listeners": listeners(),
    }
)

# --- routes ----------------------------------------------------------------------------------------------------

PARENT = st.fixed_dictionaries(
    {"name": one_of(*GATEWAYS), "namespace": st.just("shop"), "sectionName": one_of("l0", "l1", "l2")}
)
WHOLE_PARENT = st.fixed_dictionaries({"name": one_of(*GATEWAYS), "namespace": st.just("shop")})
SET_PARENT = st.just({"kind": "ListenerSet", "name": "more", "namespace": "blog"})


def parents() -> st.SearchStrategy[list[Json]]:
    unlike = {"unique_by": lambda ref: (ref.get("kind"), ref["name"], ref.get("sectionName"))}
    whole = st.lists(WHOLE_PARENT, min_size=1, max_size=2, **unlike)
    return whole | st.lists(PARENT, max_size=3, **unlike) | whole | few(SET_PARENT, 1)


MIRROR: Json = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "pay", "port": 80}}}
NAMED: dict[str, st.SearchStrategy[Any]] = {
    "name": one_of("cart", "pay", "cart", "none"),
    "port": one_of(80, 80, 80, 81),
}
WEIGHED: dict[str, st.SearchStrategy[Any]] = {"namespace": one_of("shop", "shop", "blog"), "weight": one_of(0, 1, 9)}
BACKEND = st.fixed_dictionaries(NAMED, optional=WEIGHED)
FILTERED = st.fixed_dictionaries(NAMED, optional={**WEIGHED, "filters": few(AUTH | st.just(MIRROR), 1)})
XBACKEND: Json = {"group": "gateway.networking.x-k8s.io", "kind": "XBackend", "name": "api"}
PATH = one_of(
    {"value": "/"},
    {"value": "/a"},
    {"value": "/a/b", "type": "Exact"},
    {"value": "/[a-z]+", "type": "RegularExpression"},
    {"value": "/(", "type": "RegularExpression"},
)
MATCH = maybe(path=PATH, method=one_of("GET", "POST"), headers=st.just([{"name": "X-Env", "value": "canary"}]))
HEADERS: Json = {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-a", "value": "b"}]}}
EXTENSION: Json = {"type": "ExtensionRef", "extensionRef": {"group": "x.example", "kind": "K", "name": "n"}}
REWRITE: Json = {"type": "URLRewrite", "urlRewrite": {"hostname": "inside.example"}}
CORS: Json = {"type": "CORS", "cors": {"allowOrigins": ["https://a.example"]}}
REDIRECT: Json = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}


def unlike(filters: list[Json]) -> list[Json]:
    return list({each["type"]: each for each in filters}.values())


FORWARDING = st.fixed_dictionaries(
    {"backendRefs": few(FILTERED | st.just(XBACKEND), 3, 1) | few(BACKEND, 1)},
    optional={
        "matches": few(MATCH, 2),
        "filters": few(one_of(HEADERS, EXTENSION, REWRITE, CORS, MIRROR) | AUTH, 2).map(unlike),
        "timeouts": st.just({"request": "10s"}),
        "retry": st.just({"codes": [503], "attempts": 2}),
    },
)
REDIRECTING = st.fixed_dictionaries({"filters": st.just([REDIRECT])}, optional={"matches": few(MATCH, 1)})
GRPC_MATCH = maybe(method=one_of({"service": "s.S", "method": "M"}, {"service": "s.S"}, {"method": "M"}))
L4_RULE = st.fixed_dictionaries({"backendRefs": few(BACKEND, 2, 1)})


def route(rules: st.SearchStrategy[Any], hostnames: st.SearchStrategy[list[str]] | None) -> Spec:
    named = {} if hostnames is None else {"hostnames": hostnames}
    return st.fixed_dictionaries({"parentRefs": parents(), "rules": rules, **named})


SOME_HOSTS = st.just([]) | st.lists(HOSTS, max_size=3, unique=True)
ROUTES: dict[str, Spec] = {
    "HTTPRoute": route(few(FORWARDING | REDIRECTING, 2, 1), SOME_HOSTS),
    "GRPCRoute": route(
        few(st.fixed_dictionaries({"backendRefs": few(BACKEND, 2)}, optional={"matches": few(GRPC_MATCH, 2)}), 2),
        SOME_HOSTS,
    ),
    "TLSRoute": route(few(L4_RULE, 1, 1), st.lists(HOSTS, min_size=1, max_size=2, unique=True)),
    "TCPRoute": route(few(L4_RULE, 1, 1), None),
    "UDPRoute": route(few(L4_RULE, 1, 1), None),
}

# --- what they point at ----------------------------------------------------------------------------------------

SERVICE = st.fixed_dictionaries(
    {
        "ports": one_of(
            [{"name": "web", "port": 80}],
            [{"name": "web", "port": 80, "appProtocol": "kubernetes.io/h2c"}, {"name": "alt", "port": 81}],
            [{"name": "web", "port": 80}, {"name": "dns", "port": 80, "protocol": "UDP"}],
        )
    }
)
GRANT = st.fixed_dictionaries(
    {
        "from": few(
            st.fixed_dictionaries(
                {
                    "group": st.just("gateway.networking.k8s.io"),
                    "kind": one_of("HTTPRoute", "Gateway", "ListenerSet", "TLSRoute"),
                    "namespace": NAMESPACES,
                }
            ),
            2,
            1,
        ),
        "to": few(one_of({"group": "", "kind": "Service"}, {"group": "", "kind": "Secret", "name": "good"}), 2, 1),
    }
)
POLICY = st.fixed_dictionaries(
    {
        "targetRefs": one_of(
            [{"group": "", "kind": "Service", "name": "cart"}],
            [{"group": "", "kind": "Service", "name": "cart", "sectionName": "web"}],
        ),
        "validation": one_of(
            {"hostname": "cart.example", "wellKnownCACertificates": "System"},
            {"hostname": "cart.example", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]},
        ),
    }
)
TRAFFIC = st.fixed_dictionaries(
    {"targetRefs": st.just([{"group": "", "kind": "Service", "name": "cart"}])},
    optional={
        "retryConstraint": one_of({}, {"budget": {"percent": 50}}),
        "sessionPersistence": one_of({"cookie": {"name": "seat"}}, {"cookie": {}}),
    },
)
SLICE = st.fixed_dictionaries(
    {
        "addressType": st.just("IPv4"),
        "ports": one_of([{"name": "web", "port": 8080}], [{"name": "dns", "port": 5353, "protocol": "UDP"}]),
        "endpoints": few(
            st.fixed_dictionaries(
                {"addresses": one_of(["10.0.0.1"], ["10.0.0.2"])},
                optional={
                    "conditions": one_of({"ready": False}, {"ready": False, "serving": True, "terminating": True})
                },
            ),
            2,
        ),
    }
)
CA: Json = {"data": {"ca.crt": pem.certificate_of(pem.ec_key(2)).decode()}}


def _refusable() -> tuple[Certificate | TrustBundle, ...]:
    """Return the certificates and the bundle that proxies may refuse."""
    view = Scratch({Secret: {each.key: each.obj for each in CERTIFICATES.values()}})
    found = (certificate(view, ObjectKey(namespace, "good")) for namespace in ("shop", "blog"))
    bundle = TrustBundle(name="configmap/shop/ca", certificates=CA["data"]["ca.crt"].encode())
    return (*(each for each in found if isinstance(each, Certificate)), bundle)


REFUSABLE = _refusable()


def manifest(kind: str, name: str, namespace: str, created: str, body: Json) -> Json:
    """Complete the document of an object."""
    metadata: Json = {"name": name, "namespace": namespace, "creationTimestamp": created, "generation": 1}
    if kind == "EndpointSlice":
        metadata["labels"] = {"kubernetes.io/service-name": name}
    metadata |= {name: body[name] for name in ("labels", "annotations") if name in body}
    rest = {name: value for name, value in body.items() if name not in metadata}
    return {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": metadata, **rest}


def document(kind: str, name: str, namespace: str, created: str, body: Json) -> Delta:
    """Decode an object, which must be valid."""
    decoded = decode(manifest(kind, name, namespace, created, body))
    assert isinstance(decoded, Decoded), [str(problem) for problem in decoded.problems]
    return Delta(kind=decoded.kind.struct, key=decoded.key, obj=decoded.obj)


def drawn(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """Draw some values, always the same, the simplest first: drawing them anew in each test takes most of its time."""
    found: list[T] = []

    @settings(max_examples=3 * count, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(strategy)
    def collect(value: T) -> None:
        found.append(value)

    collect()
    return found[::3]


def slots(kind: str, names: tuple[str, ...], spaces: tuple[str, ...], _body: Spec) -> list[st.SearchStrategy[Delta]]:
    """Return a strategy for each of the objects that these names and namespaces make."""
    return [
        one_of(*(document(kind, name, space, created, each) for created, each in BODIES[kind]))
        for name in names
        for space in spaces
    ]


def spec(of: Spec) -> Spec:
    return st.fixed_dictionaries({"spec": of})


REPORT = st.builds(
    refusals.report,
    one_of(*GATEWAYS),
    few(one_of("tcp-80", "tcp-443", "udp-9000"), 2),
    few(one_of("tcp-80", "tcp-443"), 1),
    few(one_of(*refusals.STANDING), 2),
    few(one_of(*REFUSABLE), 1),
)
BOTH = ("shop", "blog")
CLASS: Json = {"controllerName": "gatewayd.io/controller"}
OBJECTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...], Spec], ...] = (
    ("Gateway", GATEWAYS, ("shop",), spec(GATEWAY)),
    ("ListenerSet", ("more",), ("blog",), spec(LISTENER_SET)),
    ("HTTPRoute", ("r", "s"), BOTH, spec(ROUTES["HTTPRoute"])),
    ("GRPCRoute", ("r",), ("shop",), spec(ROUTES["GRPCRoute"])),
    ("TLSRoute", ("r", "s"), ("shop",), spec(ROUTES["TLSRoute"])),
    ("TCPRoute", ("r", "s"), ("shop",), spec(ROUTES["TCPRoute"])),
    ("UDPRoute", ("r",), ("shop",), spec(ROUTES["UDPRoute"])),
    ("Ingress", ("r", "s"), BOTH, ingresses.INGRESS),
    ("IngressClass", ("old",), ("",), ingresses.INGRESS_CLASS),
    ("Service", ("cart", "pay"), BOTH, spec(SERVICE)),
    ("EndpointSlice", ("cart", "pay"), ("shop",), SLICE),
    ("ReferenceGrant", ("g", "h"), BOTH, spec(GRANT)),
    ("BackendTLSPolicy", ("p", "q"), ("shop",), spec(POLICY)),
    ("XBackendTrafficPolicy", ("p", "q"), ("shop",), spec(TRAFFIC)),
    ("XTelemetryPolicy", ("p", "q"), ("shop",), spec(traces.TELEMETRY)),
    ("ConfigMap", ("ca",), ("shop",), one_of(CA, {"data": {"ca.crt": "garbage"}})),
    ("Namespace", BOTH, ("",), one_of({"labels": {"team": "red"}}, {"labels": {}})),
    ("GatewayClass", ("gatewayd",), ("",), spec(st.just(CLASS))),
)
"""Kinds, with the names and namespaces that their objects have, and what an object may say."""

BODIES = {kind: drawn(st.tuples(TIMES, body), VARIANTS) for kind, _, _, body in OBJECTS}
SLOTS: list[st.SearchStrategy[Delta]] = [
    *(slot for row in OBJECTS for slot in slots(*row)),
    *(st.just(each) for each in CERTIFICATES.values()),
    REPORT,
]
OBJECT: st.SearchStrategy[Delta] = st.one_of(*SLOTS)


@st.composite
def worlds(draw: st.DrawFn) -> list[Delta]:
    """Draw most of the objects that there can be, each once."""
    missing = draw(st.sets(st.integers(0, len(SLOTS) - 1), max_size=6))
    return [draw(slot) for at, slot in enumerate(SLOTS) if at not in missing]


XBACKENDS = deltas(
    "{kind: XBackend, metadata: {name: api, namespace: shop}, spec: {type: ExternalHostname,"
    " externalHostname: {hostname: api.example}, port: {number: 443}, protocol: HTTP}}"
)
START: tuple[Delta, ...] = (
    *deltas("{kind: GatewayClass, metadata: {name: gatewayd}, spec: {controllerName: gatewayd.io/controller}}"),
    *XBACKENDS,
    Delta(
        kind=Environment,
        key=HERE,
        obj=Environment(
            controller="gatewayd.io/controller",
            namespace="",
            address="127.0.0.1",
            loopback_backends=True,
            external_names=True,
            standalone=True,
            unprivileged_offset=0,
            route_discovery=None,
        ),
    ),
)


def removal(of: Delta) -> Delta:
    return Delta(kind=of.kind, key=of.key, obj=None)


EDIT: st.SearchStrategy[Delta] = OBJECT | OBJECT | OBJECT | OBJECT.map(removal)
