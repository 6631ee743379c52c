"""Drawn HTTPProxies, converted: every request at the edges of what they say ends where Contour sent it."""

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.cli.verification import verified
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.ingresses import converted

headers = st.fixed_dictionaries(
    {"name": st.sampled_from(("env", "Who"))},
    optional={"exact": st.sampled_from(("one", "two")), "ignoreCase": st.booleans()},
)
others = st.sampled_from(
    ({"name": "env", "contains": "n"}, {"name": "env", "regex": "o.*"}, {"name": "x", "present": True})
)
prefixes = st.sampled_from(("/", "/a", "/a/", "/b", "/a/b", "/ab")).map(lambda each: {"prefix": each})
wholes = st.one_of(
    st.sampled_from(("/", "/a", "/a/b")).map(lambda each: {"exact": each}),
    st.sampled_from(("/a.*", "/[0-9]+", "/x+/b")).map(lambda each: {"regex": each}),
)
conditions = st.builds(
    lambda path, own: [*([path] if path else []), *({"header": each} for each in own)],
    st.one_of(prefixes, prefixes, wholes, st.none()),
    st.lists(st.one_of(headers, others), max_size=1),
)
services = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(("one", "two", "three")), "port": st.just(80)},
        optional={"weight": st.sampled_from((0, 30, 70)), "mirror": st.just(False)},
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda each: each["name"],
).filter(lambda own: len(own) > 1 or own[0].get("weight", 1))
rewrites = st.sampled_from(("/", "/x", "/x/")).map(
    lambda to: {"pathRewritePolicy": {"replacePrefix": [{"replacement": to}]}}
)
actions = st.one_of(
    st.builds(lambda own, more: {"services": own, **more}, services, st.one_of(st.just({}), rewrites)),
    st.sampled_from((
        {"directResponsePolicy": {"statusCode": 403}},
        {"directResponsePolicy": {"statusCode": 200}},
        {"requestRedirectPolicy": {"hostname": "moved.test", "path": "/moved", "statusCode": 301}},
    )),
)  # fmt: skip
routes = st.builds(
    lambda own, action, plain: {
        **({"conditions": own} if own else {}),
        **action,
        **({"permitInsecure": True} if plain else {}),
    },
    conditions,
    actions,
    st.integers(0, 3).map(lambda number: number == 0),
)
includes = st.builds(
    lambda own, name: {"conditions": own, "name": name, "namespace": "team"},
    st.builds(lambda path, own: [path, *({"header": each} for each in own)], prefixes, st.lists(headers, max_size=1)),
    st.sampled_from(("more", "most")),
)
TLS = ({}, {"tls": {"secretName": "cert"}}, {"tls": {"secretName": "infra/cert"}})


def proxy(name: str, spec: dict[str, Any], namespace: str = "shop") -> dict[str, Any]:
    """Return an HTTPProxy."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "projectcontour.io/v1", "kind": "HTTPProxy", "metadata": metadata, "spec": spec}


def _unlike(own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return routes of which no two have the same conditions: Contour serves no such HTTPProxy."""
    return list({repr(each.get("conditions", [])): each for each in own}.values())


@st.composite
def http_proxies(draw: st.DrawFn) -> str:
    """Draw a few roots, and two HTTPProxies that they include."""
    documents = []
    hosts = draw(
        st.lists(st.sampled_from(("a.example", "*.example", "b.a.example")), min_size=1, max_size=3, unique=True)
    )
    for number, host in enumerate(hosts):
        spec: dict[str, Any] = {"virtualhost": {"fqdn": host, **draw(st.sampled_from(TLS))}}
        spec["routes"] = _unlike(draw(st.lists(routes, max_size=4)))
        spec["includes"] = draw(st.lists(includes, max_size=1))
        documents.append(proxy(f"root{number}", spec))
    documents.append(proxy("more", {"routes": _unlike(draw(st.lists(routes, max_size=2)))}, "team"))
    inner = {"routes": _unlike(draw(st.lists(routes, max_size=2))), "includes": [{"name": "more"}]}
    documents.append(proxy("most", inner, "team"))
    return "---\n".join(map(yaml.safe_dump, documents))


@settings(max_examples=15)
@given(http_proxies())
def test_requests_end_where_they_ended_before(text: str) -> None:
    documents = parse_file("drawn.yaml", text.encode()).documents

    assert verified(documents, converted(text).objects).differences == ()
