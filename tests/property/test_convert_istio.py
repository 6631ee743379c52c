"""Drawn VirtualServices, converted: every request at the edges of what they say ends where Istio's gateways sent it."""

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.cli.verification import verified
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.ingresses import converted

HOSTS = ("a.example", "b.a.example", "*.a.example", "*.example", "*")

uris = st.one_of(
    st.fixed_dictionaries({"prefix": st.sampled_from(("/", "/a", "/a/", "/a/b", "/ab", "/b"))}),
    st.fixed_dictionaries({"exact": st.sampled_from(("/", "/a", "/a/b", "/b/"))}),
    st.fixed_dictionaries({"regex": st.sampled_from(("/a.*", "/(a|b)/[0-9]+", ".*", "/[a-z]+/x", "/a/x", "/.*"))}),
)
values = st.one_of(
    st.fixed_dictionaries({"exact": st.sampled_from(("one", "two"))}),
    st.fixed_dictionaries({"prefix": st.just("o")}),
    st.fixed_dictionaries({"regex": st.sampled_from((".*", "o.*", "one|two"))}),
    st.just({}),
)
headers = st.dictionaries(st.sampled_from(("env", "who")), values, min_size=1, max_size=2)
matches = st.fixed_dictionaries(
    {}, optional={"uri": uris, "headers": headers, "ignoreUriCase": st.booleans(), "port": st.sampled_from((80, 8080))}
)
destinations = st.fixed_dictionaries(
    {"host": st.sampled_from(("one", "two.shop.svc.cluster.local", "three.team.svc.cluster.local"))},
    optional={"subset": st.just("v2")},
).map(lambda to: {"destination": {**to, "port": {"number": 80}}})
actions = st.one_of(
    st.fixed_dictionaries(
        {"route": st.lists(destinations, min_size=1, max_size=1)},
        optional={"rewrite": st.sampled_from(({"uri": "/"}, {"uri": "/x"}, {"uri": "/x/"}, {"authority": "to.test"}))},
    ),
    st.builds(
        lambda one, other, weight: {"route": [{**one, "weight": weight}, {**other, "weight": 100 - weight}]},
        destinations,
        destinations,
        st.sampled_from((0, 30, 100)),
    ),
    st.sampled_from((
        {"directResponse": {"status": 403}},
        {"directResponse": {"status": 200}},
        {"redirect": {"uri": "/moved", "authority": "moved.test"}},
        {"redirect": {"scheme": "https", "redirectCode": 308, "authority": "moved.test"}},
    )),
)  # fmt: skip
rules = st.builds(
    lambda own, action: {**({"match": own} if own else {}), **action}, st.lists(matches, max_size=2), actions
)
TLS = {"mode": "SIMPLE", "credentialName": "cert"}
servers = st.builds(
    lambda port, hosts, redirects: {
        "port": {"number": port, "name": f"p{port}", "protocol": "HTTPS" if port == 443 else "HTTP"},
        "hosts": hosts,
        **({"tls": TLS} if port == 443 else {"tls": {"httpsRedirect": True}} if redirects else {}),
    },
    st.sampled_from((80, 80, 8080, 443)),
    st.lists(st.sampled_from((*HOSTS, "shop/a.example", "./*.example")), min_size=1, max_size=2, unique=True),
    st.integers(0, 5).map(lambda number: number == 0),
)


def istio(kind: str, name: str, spec: dict[str, Any], namespace: str = "shop") -> dict[str, Any]:
    """Return an object of Istio's."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


@st.composite
def virtual_services(draw: st.DrawFn) -> str:
    """Draw a Gateway or two, a few VirtualServices, one that another one leads on to, and a DestinationRule."""
    documents = [
        istio("Gateway", f"g{at}", {"selector": {"a": "b"}, "servers": draw(st.lists(servers, min_size=1, max_size=2))})
        for at in range(draw(st.integers(1, 2)))
    ]
    for at in range(draw(st.integers(1, 3))):
        spec = {
            "hosts": draw(st.lists(st.sampled_from(HOSTS), min_size=1, max_size=2, unique=True)),
            "gateways": draw(st.sampled_from((["shop/g0"], ["shop/g0", "shop/g1"]))),
            "http": draw(st.lists(rules, min_size=1, max_size=4)),
        }
        if draw(st.integers(0, 3)) == 0:
            leading = {"match": [draw(matches)], "delegate": {"name": "more", "namespace": "shop"}}
            spec["http"].insert(0, leading)
        documents.append(istio("VirtualService", f"v{at}", spec, draw(st.sampled_from(("shop", "team")))))
    documents.append(istio("VirtualService", "more", {"http": draw(st.lists(rules, min_size=1, max_size=2))}))
    documents.extend(
        istio("DestinationRule", f"{name}-{of}", {
            "host": f"{name}.{of}.svc.cluster.local", "subsets": [{"name": "v2", "labels": {"version": "v2"}}]
        })
        for name, of in (("one", "shop"), ("one", "team"), ("two", "shop"), ("three", "team"))
    )  # fmt: skip
    return "---\n".join(map(yaml.safe_dump, documents))


@settings(max_examples=15)
@given(virtual_services())
def test_requests_end_where_they_ended_before(text: str) -> None:
    documents = parse_file("drawn.yaml", text.encode()).documents

    assert verified(documents, converted(text).objects).differences == ()
