"""A world by its number: the objects of two teams with policies, and requests that are likely to meet their rules.

The objects are those of the properties (`tests.property.objects`); what they leave to chance is drawn anew for each
number. Rules name themselves in the response, and endpoints are places where a backend of the rig answers.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.explain.request import Sent
from gatewayd.ir.filters import Header
from gatewayd.ir.http import ExactPath, PrefixPath, RequestMatch
from tests.property.objects import BODIES, BOTH, OBJECTS, XBACKENDS, Json, manifest
from tests.unit.policies import policy, target
from tests.unit.translator import pem
from tests.unit.translator.manifests import documents

MOST_MISSING: Final = 8
REQUESTS: Final = 20
AIMED: Final = 0.7
"""The part of the requests that are made for a rule."""

MENDED: Final = 0.6
"""The part of the objects that have nothing wrong in themselves."""
_LOST: Final = ("ExtensionRef", "ExternalAuth")
"""Filters that nobody honours in a world."""

BACKEND_PORT: Final = 8080
"""That of the endpoints' port "web"."""
_ENDPOINTS: Final = ("10.0.0.1", "10.0.0.2")

_SECRETS: Final = tuple(
    text
    for namespace in BOTH
    for text in (
        pem.good_secret("good", namespace),
        pem.secret("bad", pem.certificate_of(pem.ec_key()), pem.pem_of(pem.ec_key(1)), namespace),
    )
)
_NOWHERE: Final = (
    "{kind: XBackend, metadata: {name: api, namespace: shop}, spec: {type: ExternalHostname,"
    " externalHostname: {hostname: localhost}, port: {number: 9}, protocol: HTTP}}"
)
ALWAYS: Final = (_NOWHERE, *_SECRETS)
"""What is in every world, and stands in none of the corpus."""

assert [each.key.name for each in XBACKENDS] == ["api"], "rules of the properties name an XBackend that is here, too"

_TARGETS: Final = (
    target("GatewayClass", "gatewayd"),
    target("Gateway", "gw"),
    target("Gateway", "edge"),
    target("Gateway", "gw", "l0"),
    target("Namespace"),
    target("HTTPRoute", "r"),
    target("HTTPRoute", "s"),
    target("GRPCRoute", "r"),
)
_SECTIONS: Final[dict[str, tuple[Json, ...]]] = {
    "AccessPolicy": (
        {"clients": {"allow": [{"cidr": "127.0.0.0/8"}]}},
        {"clients": {"deny": [{"cidr": "127.0.0.0/8", "source": "Peer"}]}},
        {"clients": {"allow": [{"cidr": "192.0.2.0/24"}]}},
        {"clients": {"mode": "Disabled"}},
        {"apiKeys": {"secretRefs": [{"name": "none"}]}},
        {"authorization": {"allow": [{"methods": ["GET"]}, {"paths": ["/a"]}]}},
        {"authorization": {"deny": [{"headers": [{"name": "x-env", "values": ["canary"]}]}]}},
        {"require": {"what": "Authentication"}},
        {"cors": {"allowOrigins": ["https://b.example"], "maxAge": 7}},
    ),
    "RoutePolicy": (
        {"timeouts": {"request": "9s", "backendRequest": "4s"}},
        {"retry": {"attempts": 1, "codes": [503], "backoff": "25ms"}},
        {"headers": {"request": {"set": [{"name": "x-policy", "value": "100% %REQ(x)% {a}"}]}}},
        {"headers": {"response": {"add": [{"name": "x-answer", "value": "%"}], "remove": ["server"]}}},
        {"directResponse": {"status": 418, "body": "%PROTOCOL% {}"}},
        {"rateLimit": {"limits": [{"requests": 1, "unit": "Hour", "burst": 1}]}},
        {"body": {"maxBytes": 1000}},
        {"compression": {"algorithms": ["gzip", "br"], "minBytes": 30}},
        {"fault": {"abort": {"status": 503}}},
        {"fault": {"abort": {"status": 451, "percent": 50}}},
        {"errorPages": {"pages": [{"codes": [503, 404], "body": "sorry: %RESPONSE_CODE% <{x}>"}]}},
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A number, and the objects beside those that are always there. The requests are drawn when its ports are known."""

    seed: int
    objects: tuple[Json, ...]


def world(seed: int) -> World:
    """Return the world of a number."""
    dice = random.Random(seed)  # noqa: S311 - it must repeat
    objects = [
        manifest(kind, name, namespace, *dice.choice(BODIES[kind]))
        for kind, names, namespaces, _ in OBJECTS
        for name in names
        for namespace in namespaces
    ]
    missing = set(dice.sample(range(len(objects)), dice.randint(0, MOST_MISSING)))
    kept = [deepcopy(each) for at, each in enumerate(objects) if at not in missing or each["kind"] == "GatewayClass"]
    kept += [manifest("EndpointSlice", name, "blog", *dice.choice(BODIES["EndpointSlice"])) for name in ("cart", "pay")]
    for each in kept:
        if dice.random() < MENDED:
            _mend(each, dice)
    return World(seed=seed, objects=(*_named(kept), *_policies(dice)))


def _mend(of: Json, dice: random.Random) -> None:
    """Let an object be as most are that work: among few names most references lead nowhere otherwise."""
    spec = of.get("spec", {})
    match of["kind"]:
        case "Gateway":
            spec["gatewayClassName"] = "gatewayd"
        case "EndpointSlice":
            of["endpoints"] = [{"addresses": [address]} for address in _ENDPOINTS[: dice.choice((1, 2))]]
            of["ports"] = [{"name": "web", "port": BACKEND_PORT}]
        case "HTTPRoute" | "GRPCRoute":
            for rule in spec["rules"]:
                rule["filters"] = [each for each in rule.get("filters", ()) if each["type"] not in _LOST]
                if not any(each["type"] == "RequestRedirect" for each in rule["filters"]):
                    names = dice.sample(("cart", "pay"), dice.choice((1, 2)))
                    rule["backendRefs"] = [{"name": name, "port": 80, "namespace": "shop"} for name in names]


def _policies(dice: random.Random) -> Iterator[Json]:
    for number in range(dice.choice((0, 0, 1, 2, 4))):
        kind = dice.choice(sorted(_SECTIONS))
        aimed = dice.choice(_TARGETS)
        strategy = {dice.choice(("default", "override")): dice.choice(_SECTIONS[kind])}
        if "mode" in str(strategy):
            strategy = {"default": {"clients": {"mode": "Disabled"}}}
        yield policy(kind, f"policy-{number}", aimed, namespace=dice.choice(BOTH), **strategy)


def _named(objects: Sequence[Json]) -> Sequence[Json]:
    """Let rules tell their names."""
    for each in objects:
        meta = each["metadata"]
        if each["kind"] in ("HTTPRoute", "GRPCRoute"):
            for at, rule in enumerate(each["spec"]["rules"]):
                name = f"{meta['namespace']}/{meta['name']}.{at}"
                tag = {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [_pair("x-route", name)]}}
                rule["filters"] = [*rule.get("filters", ()), tag]
    return objects


def _pair(name: str, value: str) -> Json:
    return {"name": name, "value": value}


def always() -> tuple[Json, ...]:
    """Return the objects that are in every world."""
    return tuple(documents(*ALWAYS))


def moved(objects: Sequence[Json], place: Callable[[int], str]) -> list[Json]:
    """Return the objects with their endpoints where `place` says that the backend of a number is."""
    text = json.dumps(objects)
    for number, address in enumerate(_ENDPOINTS):
        text = text.replace(f'"{address}"', f'"{place(number)}"')
    found: list[Json] = json.loads(text)
    return found


# --- requests ----------------------------------------------------------------------------------------------------

_HOSTS: Final = ("a.example", "b.example", "x.b.example", "y.example", "other.org", "A.Example:81", "nobody.test")
_PATHS: Final = (
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/a/b/c",
    "/abc",
    "/b",
    "/A",
    "/a%2Fb",
    "/a/../b",
    "/s.S/M",
    "/s.S/N",
)
_QUERIES: Final = ("", "", "?", "?q=1")
_METHODS: Final = ("GET", "GET", "GET", "POST", "OPTIONS")
_HEADERS: Final[tuple[tuple[tuple[str, str], ...], ...]] = (
    (),
    (),
    (("x-env", "canary"),),
    (("x-a", "mine"), ("X-Env", "Canary")),
    (("accept-encoding", "gzip"),),
    (("x-forwarded-for", "192.0.2.7"),),
)
_GRPC: Final = (("content-type", "application/grpc"), ("te", "trailers"))
_PREFLIGHTS: Final = tuple(
    (("origin", f"https://{origin}.example"), ("access-control-request-method", "GET")) for origin in "abc"
)


_EXPRESSION: Final = "/x"
"""What the regular expressions of the worlds match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request to a port of Envoy's."""

    port: int
    sent: Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """Where a request can be sent: a port, the scheme that it speaks, and a rule behind it with its host, if any."""

    port: int
    scheme: str
    domain: str = ""
    match: RequestMatch | None = None


def requests(seed: int, aims: Sequence[Aim]) -> Iterator[Asked]:
    """Yield requests; most of them are such that a rule takes them, unless an earlier one does."""
    dice = random.Random(f"requests of {seed}")  # noqa: S311 - it must repeat
    matched = [each for each in aims if each.match is not None]
    for _ in range(REQUESTS if aims else 0):
        aimed = dice.choice(matched if matched and dice.random() < AIMED else aims)
        yield Asked(port=aimed.port, sent=_sent(dice, aimed))


def _sent(dice: random.Random, aim: Aim) -> Sent:
    headers: tuple[Any, ...] = dice.choice(_HEADERS)
    method = dice.choice(_METHODS)
    path, host = dice.choice(_PATHS), dice.choice(_HOSTS)
    if dice.random() < 0.15:
        method, headers = "POST", (*headers, *_GRPC)
    elif method == "OPTIONS":
        headers = (*headers, *dice.choice(_PREFLIGHTS))
    if aim.match is not None:
        host = {"*": host, "": host}.get(aim.domain, aim.domain.replace("*", "any"))
        method = dice.choice(aim.match.methods or (method,))
        wanted = {each.name.lower(): getattr(each.value, "value", "") for each in aim.match.headers}
        headers = (*(each for each in headers if each[0].lower() not in wanted), *wanted.items())
        path = _path(dice, aim.match)
    return Sent(
        scheme=aim.scheme,
        method=method,
        host=host,
        target=path + dice.choice(_QUERIES),
        headers=tuple(Header(name=name, value=value) for name, value in headers),
        client="127.0.0.1",
    )


def _path(dice: random.Random, match: RequestMatch) -> str:
    match match.path:
        case PrefixPath(value=value):
            return dice.choice((value, value, f"{value.rstrip('/')}/c"))
        case ExactPath(value=value):
            return value
        case _:
            return _EXPRESSION
