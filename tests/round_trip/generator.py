"""Ingresses by a number: classes, hosts, paths of all types, default backends, certificates and annotations of nginx.

What ingress-nginx would have refused is not drawn: two locations of one name, and expressions of type Prefix or Exact.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

JSON = dict[str, Any]
PREFIX: Final = "nginx.ingress.kubernetes.io/"

HOSTS: Final = ("a.example", "a.example", "b.example", "*.a.example", "*.example", "")
ALIASES: Final = ("c.example", "b.example,c.example", "x.a.example", "*.alias.example", "Spelled.Example")
NAMESPACES: Final = ("shop", "team")
SERVICES: Final = ("one", "two", "three")
LITERALS: Final = (
    "/",
    "/",
    "/a",
    "/a/b",
    "/d/",
    "/b",
    "/A",
    "/ab",
    "/a.b",
    "/app",
    "/.well-known/acme-challenge/x",
    "",
)
EXPRESSIONS: Final = ("/a(/|$)(.*)", "/(a|b)/c", "/[0-9]+", "/api/v([0-9]+)/(.*)", "/(.*)", "/x|/y", "/a.*d")
TYPES: Final = ("Prefix", "ImplementationSpecific", "Exact")
USERS: Final = "users"
"""The Secret of those who may come in by a password, in each namespace."""

REWRITES: Final = ("/", "/x/$1", "/$2", "/a", "/fixed", "kept/$1", "/x?y=1", "")
ADDRESSES: Final = ("10.0.0.0/8", "10.1.2.3", "10.0.0.0/8, 2001:db8::/32")
PLAIN: Final[tuple[JSON, ...]] = (
    *({"rewrite-target": target} for target in REWRITES),
    {"use-regex": "true"},
    {"use-regex": "false"},
    {"ssl-redirect": "false"},
    {"ssl-redirect": "no"},
    {"force-ssl-redirect": "true"},
    {"app-root": "/app"},
    {"app-root": "/home"},
    {"permanent-redirect": "https://moved.test/x"},
    {"permanent-redirect": "https://moved.test", "permanent-redirect-code": "308"},
    {"temporal-redirect": "http://moved.test:8080$request_uri"},
    {"from-to-www-redirect": "true"},
    *({"server-alias": alias} for alias in ALIASES),
    *({"whitelist-source-range": ranges} for ranges in ADDRESSES),
    {"denylist-source-range": "10.0.0.0/8"},
    {"auth-type": "basic", "auth-secret": USERS, "auth-realm": "who is it"},
    {"enable-cors": "true"},
    {"enable-cors": "true", "cors-allow-origin": "https://page.test"},
    {"upstream-vhost": "inside.test"},
    {"x-forwarded-prefix": "/before"},
    {"configuration-snippet": "more_set_headers 'x-told: yes';\nproxy_set_header x-seen yes;"},
    {"proxy-body-size": "1k"},
    {"proxy-read-timeout": "70", "proxy-connect-timeout": "2"},
    {"limit-rps": "1000"},
    {"proxy-next-upstream": "error http_502", "proxy-next-upstream-tries": "2"},
    {"affinity": "cookie", "session-cookie-name": "stays"},
    {"proxy-buffering": "off", "custom-http-errors": "418"},
)
"""What one Ingress may say at once."""
LOST: Final[tuple[JSON, ...]] = (
    {"auth-tls-secret": "shop/ca"},
    {"server-snippet": "deny all;"},
    {"enable-modsecurity": "true"},
    {"configuration-snippet": "if ($http_x = '') { return 401; }"},
    {"auth-url": "https://elsewhere.test/check"},
    {"auth-type": "digest", "auth-secret": USERS},
    {"whitelist-source-range": "inside"},
    {"super-auth": "on"},
)
"""What keeps somebody out, and cannot be had."""
CANARIES: Final[tuple[JSON, ...]] = (
    {"canary-weight": "30"},
    {"canary-weight": "30", "canary-weight-total": "200"},
    {"canary-weight": "0"},
    {"canary-by-header": "env"},
    {"canary-by-header": "env", "canary-by-header-value": "new"},
    {"canary-by-header": "env", "canary-by-header-pattern": "^n.w"},
    {"canary-by-cookie": "env", "canary-weight": "100"},
    {"canary-by-header": "env", "canary-by-cookie": "env", "canary-weight": "50"},
)
CLASSES: Final = ("field", "annotation", "default", "name")
"""How an Ingress comes to its class: the field, the annotation, a default one; "name" where there is no class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A number, and what was drawn by it. `nginx`: for ingress-nginx; else for who knows the text of the API alone."""

    seed: int
    nginx: bool
    documents: tuple[JSON, ...]

    @property
    def ingresses(self) -> tuple[JSON, ...]:
        """The Ingresses among the documents."""
        return tuple(each for each in self.documents if each["kind"] == "Ingress")


def drawn(seed: int) -> Drawn:
    """Return the Ingresses of a number."""
    dice = random.Random(seed)  # noqa: S311 - it must repeat
    nginx = dice.random() < 0.9
    how = dice.choice(CLASSES if nginx else CLASSES[:-1])
    stable = [_ingress(dice, f"i{at}", how, nginx=nginx) for at in range(dice.choice((1, 2, 2, 3, 4)))]
    _without_twins(stable)
    canaries = [_canary(dice, at, stable, how) for at in range(dice.choice((0, 0, 1, 2)) if nginx else 0)]
    klass = () if how == "name" else (_class(how, nginx=nginx),)
    return Drawn(seed=seed, nginx=nginx, documents=(*klass, *stable, *filter(None, canaries)))


def _class(how: str, *, nginx: bool) -> JSON:
    default = {"ingressclass.kubernetes.io/is-default-class": "true"} if how == "default" else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": "outer", "annotations": default},
        "spec": {"controller": "k8s.io/ingress-nginx" if nginx else "example.com/other"},
    }


def _of_class(how: str) -> tuple[JSON, JSON]:
    """Return what of a class stands in the annotations and in the spec."""
    match how:
        case "field":
            return {}, {"ingressClassName": "outer"}
        case "annotation":
            return {"kubernetes.io/ingress.class": "outer"}, {}
        case "name":
            return {}, {"ingressClassName": "nginx"}
        case _:
            return {}, {}


def _ingress(dice: random.Random, name: str, how: str, *, nginx: bool) -> JSON:
    rules = [_rule(dice) for _ in range(dice.choice((0, 1, 1, 1, 2, 2)))]
    notes = dict(_annotations(dice)) if nginx else {}
    spec: JSON = {"rules": rules} if rules else {}
    if not rules or dice.random() < 0.25:
        spec["defaultBackend"] = _backend(dice.choice(SERVICES))
    hosts = [rule["host"] for rule in rules if "host" in rule]
    if hosts and dice.random() < 0.4:
        spec["tls"] = [{"hosts": hosts, "secretName": f"cert-{name}"}]
    return _object(dice, name, how, notes, spec)


def _object(dice: random.Random, name: str, how: str, notes: JSON, spec: JSON) -> JSON:
    by_note, by_field = _of_class(how)
    written = {**by_note, **{f"{PREFIX}{key}": value for key, value in notes.items()}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": name,
            "namespace": dice.choice(NAMESPACES),
            "creationTimestamp": f"2026-01-0{dice.choice((1, 1, 2, 3))}T00:00:00Z",
            **({"annotations": written} if written else {}),
        },
        "spec": {**by_field, **spec},
    }


def _annotations(dice: random.Random) -> Iterator[tuple[str, str]]:
    for _ in range(dice.choice((0, 0, 1, 1, 2, 3))):
        yield from dice.choice(PLAIN).items()
    if dice.random() < 0.06:
        yield from dice.choice(LOST).items()


def _rule(dice: random.Random) -> JSON:
    host = dice.choice(HOSTS)
    paths = [_path(dice) for _ in range(dice.choice((0, 1, 1, 2, 3)))]
    return {**({"host": host} if host else {}), **({"http": {"paths": paths}} if paths else {})}


def _path(dice: random.Random) -> JSON:
    if dice.random() < 0.3:
        path, kind = dice.choice(EXPRESSIONS), "ImplementationSpecific"
    else:
        path, kind = dice.choice(LITERALS), dice.choice(TYPES)
    if not path and kind != "ImplementationSpecific":
        path = "/"
    return {**({"path": path} if path else {}), "pathType": kind, "backend": _backend(dice.choice(SERVICES))}


def _backend(service: str) -> JSON:
    return {"service": {"name": service, "port": {"number": 80}}}


def order(ingress: JSON) -> tuple[str, str]:
    """Return what an Ingress comes before others by: age, then "namespace/name"."""
    metadata = ingress["metadata"]
    return metadata["creationTimestamp"], f"{metadata['namespace']}/{metadata['name']}"


def _without_twins(ingresses: list[JSON]) -> None:
    """Leave out paths that would make a second location of one name, which nginx refuses to load."""
    types: dict[tuple[str, str], list[bool]] = {}
    for each in sorted(ingresses, key=order):
        for rule in each["spec"].get("rules", ()):
            host = rule.get("host", "")
            kept = [
                path
                for path in rule.get("http", {}).get("paths", ())
                if _is_single(types, host, path.get("path", "/"), exact=path["pathType"] == "Exact")
            ]
            if kept:
                rule["http"] = {"paths": kept}
            else:
                rule.pop("http", None)


def _is_single(types: dict[tuple[str, str], list[bool]], host: str, path: str, *, exact: bool) -> bool:
    """Return whether a path is new, the same as the first of its name, or the only one of its type."""
    before = types.setdefault((host, path), [False] if path == "/" else [])
    if not before or (before[0] != exact and exact not in before):
        before.append(exact)
        return True
    return before[0] == exact


def _canary(dice: random.Random, number: int, stable: list[JSON], how: str) -> JSON | None:
    """Return a canary of a path that there is, mostly, in a namespace that has one."""
    paths = [
        (each["metadata"]["namespace"], rule.get("host", ""), path)
        for each in stable
        for rule in each["spec"].get("rules", ())
        for path in rule.get("http", {}).get("paths", ())
    ]
    if not paths:
        return None
    namespace, host, path = dice.choice(paths)
    shared = {**path, "backend": _backend(f"new-{number}")}
    if dice.random() < 0.15:
        shared["path"] = "/nobody"
    rule = {**({"host": host} if host else {}), "http": {"paths": [shared]}}
    written = {"canary": dice.choice(("true", "true", "True", "1")), **dice.choice(CANARIES)}
    made = _object(dice, f"canary-{number}", how, written, {"rules": [rule]})
    made["metadata"]["namespace"] = namespace if dice.random() < 0.9 else dice.choice(NAMESPACES)
    return made
