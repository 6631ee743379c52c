"""`gatewayd explain` against a real Envoy: random rules, random requests, the same answer from both.

Rules are made to meet each other: few hosts, few paths, few headers, several listeners on one port.
"""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from gatewayd.explain.action import Direct, Forwarded, Redirected
from gatewayd.explain.request import Answered, Sent
from gatewayd.explain.trace import Taken, Trace, Translated, Untaken, traces
from gatewayd.ir.filters import Header
from tests.feature.harness.http1 import Answer, ask
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one",)
BASE = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: gatewayd
  listeners:
  - {name: any, port: <http>, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - name: wild
    port: <http>
    protocol: HTTP
    hostname: "*.shop.example"
    allowedRoutes: {namespaces: {from: All}}
  - name: api
    port: <http>
    protocol: HTTP
    hostname: api.shop.example
    allowedRoutes: {namespaces: {from: All}}
"""
ROUNDS = 40
ROUTES = 5
REQUESTS = 60

HOSTNAMES = ("", "", "shop.example", "*.shop.example", "api.shop.example", "*.example", "a.b.shop.example")
SECTIONS = ("", "", ", sectionName: any", ", sectionName: wild", ", sectionName: api")
PATHS = (
    "{type: PathPrefix, value: /}",
    "{type: PathPrefix, value: /a}",
    "{type: PathPrefix, value: /a/}",
    "{type: PathPrefix, value: /a/b}",
    "{type: PathPrefix, value: /ab}",
    "{type: Exact, value: /}",
    "{type: Exact, value: /a}",
    "{type: Exact, value: /a/b}",
    "{type: Exact, value: /a/}",
    "{type: RegularExpression, value: '/a.*'}",
    "{type: RegularExpression, value: '/[ab]+/?'}",
    "{type: RegularExpression, value: '(?i)/A/.'}",
)
HEADERS = (
    "{name: env, value: canary}",
    "{name: Env, value: prod}",
    "{name: env, type: RegularExpression, value: 'can.*'}",
    "{name: env, type: RegularExpression, value: 'canary,prod'}",
    "{name: x-forwarded-proto, value: http}",
    "{name: Host, type: RegularExpression, value: '.*:8080'}",
    "{name: x-team, value: blue}",
)
QUERIES = (
    "{name: q, value: '1'}",
    "{name: q, type: RegularExpression, value: '[0-9]+'}",
    "{name: q, value: 'a b'}",
    "{name: q, value: 'a%20b'}",
    "{name: r, type: RegularExpression, value: '1?'}",
)
FILTERS = (
    "",
    "",
    ", {type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /full}}}",
    ", {type: URLRewrite, urlRewrite: {hostname: inner.example}}",
)
PREFIX_FILTERS = (
    ", {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}",
    ", {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}",
    ", {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /new/}}}",
    ", {type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /moved}}}",
)
REDIRECTS = (
    ", {type: RequestRedirect, requestRedirect: {scheme: https}}",
    ", {type: RequestRedirect, requestRedirect: {hostname: new.example, statusCode: 301}}",
    ", {type: RequestRedirect, requestRedirect: {port: 8080}}",
    ", {type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /f}}}",
)

CORS = ", {{type: CORS, cors: {{allowOrigins: ['https://a.org'], allowMethods: [GET], maxAge: {age}}}}}"
"""The age tells which rule's policy has answered: a preflight has no response headers of the rule."""


HOSTS = ("shop.example", "Shop.Example:80", "api.shop.example", "a.b.shop.example", "x.example", "other.test:8080")
TARGETS = (
    "/",
    "/a",
    "/a/",
    "/A/b",
    "/a/b",
    "/a/b/c",
    "/ab",
    "/abc",
    "/a//b",
    "//a",
    "/a/./b",
    "/a/x/../b",
    "/../a",
    "/a/..",
    "/a/.",
    "/%61/b",
    "/a%2Fb",
    "/a%5cb",
    "/a\\b",
    "/a/%2e%2e/ab",
    "/a;x=1",
    "/a%20b",
    "/a/.;/b",
    "/a/x/..;y/b",
    "/a/%2e%2e;/b",
    "//",
    "/%2f",
    '/a"b',
    "/a|b^c{d}%7e%21",
    "/a#b",
    "/b",
)
SENT_HEADERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("env", "canary"),),
    (("ENV", "prod"),),
    (("env", "canary"), ("env", "prod")),
    (("x-team", "blue"),),
    (("x-team", "blue"), ("env", "canary")),
    (("x-team", "Blue"),),
    (("x_team", "blue"),),
    (("x-envoy-team", "blue"), ("x-forwarded-proto", "https")),
)
SENT_QUERIES = ("", "?", "?q=1", "?q=12&q=x", "?q=x&q=1", "?q=a%20b", "?q=a+b", "?r", "?r=", "?r=1&q=1", "?qq=1")
METHODS = ("GET", "GET", "POST", "OPTIONS")
ASKED = (
    (),
    (("origin", "https://a.org"),),
    (("access-control-request-method", "GET"),),
    (("origin", "https://a.org"), ("access-control-request-method", "")),
    (("origin", ""), ("access-control-request-method", "GET")),
    *(
        (("origin", "https://a.org"), ("access-control-request-method", method), *headers)
        for method in ("GET", "POST", "PUT")
        for headers in (
            (),
            (("access-control-request-headers", "x-team"),),
            (("access-control-request-headers", "a, Env,x-team"),),
        )
    ),
)
"""What an OPTIONS request has beside the rest: nine of them are preflights."""

_BEFORE_ROUTES = frozenset({307, 400})


def rule(dice: random.Random, name: str) -> str:
    """Return a rule that names itself to the client."""
    path = dice.choice(PATHS)
    match = [f"path: {path}"]
    if dice.random() < 0.35:
        match.append(f"headers: [{dice.choice(HEADERS[:-1])}, {HEADERS[-1]}]")
    elif dice.random() < 0.2:
        match.append(f"headers: [{dice.choice(HEADERS)}]")
    if dice.random() < 0.25:
        match.append(f"queryParams: [{dice.choice(QUERIES)}]")
    if dice.random() < 0.3:
        match.append(f"method: {dice.choice(('GET', 'POST', 'POST', 'OPTIONS'))}")
    pool = (*FILTERS, *REDIRECTS, *(PREFIX_FILTERS if "PathPrefix" in path else ()))
    chosen = dice.choice(pool) + (CORS.format(age=age(name)) if dice.random() < 0.25 else "")
    backends = "" if "RequestRedirect" in chosen else "\n  backendRefs: [{name: one, port: 80}]"
    return f"- matches: [{{{', '.join(match)}}}]\n  filters: [<tag:{name}>{chosen}]{backends}\n"


def route(dice: random.Random, number: int) -> str:
    """Return a route of one to three rules."""
    name = f"r{number}"
    rules = "".join(rule(dice, f"{name}.{at}") for at in range(dice.choice((1, 2, 3))))
    hosts = dice.choice(HOSTNAMES)
    stamp = f"2026-01-0{dice.choice((1, 2))}T00:00:00Z"
    return http_route(
        name, rules, host=hosts, parent=f"name: edge, namespace: infra{dice.choice(SECTIONS)}", created=stamp
    )


def request(dice: random.Random) -> Sent:
    method = dice.choice(METHODS)
    headers = (*dice.choice(SENT_HEADERS), *(dice.choice(ASKED) if method == "OPTIONS" else ()))
    return Sent(
        scheme="http",
        method=method,
        host=dice.choice(HOSTS),
        target=dice.choice(TARGETS) + dice.choice(SENT_QUERIES),
        headers=tuple(Header(name=name, value=value) for name, value in headers),
    )


def expected(trace: Trace, query: str) -> dict[str, Any]:
    """Return what explain says, in the terms of an Answer."""
    end = trace.end
    match end:
        case Taken(happening=Redirected() as redirected):
            return {"status": redirected.status, "route": tag(end), "location": redirected.location}
        case Taken(happening=Forwarded() as forwarded):
            share = forwarded.shares[0]
            return {"status": 200, "route": tag(end), "path": share.path + query, "host": share.host}
        case Taken(happening=Direct() as direct):
            answers = "CORS filter answers" in direct.why
            return {"status": direct.status, "route": None, **({"age": age(tag(end))} if answers else {})}
        case Untaken():
            return {"status": end.status, "route": None}
        case Answered():
            return {"status": end.status, "route": None, **({"location": end.location} if end.location else {})}
        case _:
            return {"end": end}


def age(name: str) -> int:
    """Return a number for a rule's name: r2.1 is 22."""
    route, _, at = name.removeprefix("r").partition(".")
    return int(route) * 10 + int(at) + 1


def tag(end: Taken) -> str:
    return f"{end.rule.name}.{end.rule.rule}"


def happened(answer: Answer) -> dict[str, Any]:
    """Return what Envoy did, in the same terms."""
    # What is answered before routes are asked still carries the response headers of the route that would be had.
    found: dict[str, Any] = {
        "status": answer.status,
        "route": answer.route if answer.status not in _BEFORE_ROUTES else None,
    }
    if answer.one("location") is not None:
        found["location"] = answer.one("location")
    if answer.one("access-control-max-age") is not None:
        found["age"] = int(answer.one("access-control-max-age") or 0)
    if answer.backend is not None:
        found |= {"path": answer.echo["path"], "host": answer.seen("host")[0]}
    return found


async def disagreement(world: World, requests: Sequence[Sent]) -> str:
    """Return the first request of which the two disagree, and what they say; "" for none."""
    configs = tuple(world.reconciler.configs.values())
    translated = Translated(engine=world.reconciler.store.engine, configs=configs)
    port = world.port("http")
    for sent in requests:
        headers = ((each.name, each.value) for each in sent.headers)
        answer = await ask(port, sent.target, *headers, host=sent.host, method=sent.method)
        (trace,) = traces(translated, sent, port)
        mark = sent.target.partition("?")
        said, done = expected(trace, mark[1] + mark[2]), happened(answer)
        if said != done:
            return f"{sent}: explain says {said}, Envoy {done}"
    return ""


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_envoy_does_what_explain_says(world: World, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    await world.apply(*(route(dice, number) for number in range(ROUTES)))

    assert await disagreement(world, [request(dice) for _ in range(REQUESTS)]) == ""
