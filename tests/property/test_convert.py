"""Drawn Ingresses, converted: every request at the edges of what they say ends where their controllers sent it."""

from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gatewayd.cli.verification import verified
from gatewayd.manifests.documents import parse_file
from gatewayd.translator.nginx.annotations import PREFIX
from tests.unit.convert.ingresses import converted

HOSTS = ("a.example", "b.example", "*.a.example", "*.example", "")
PATHS = ("/", "/a", "/d/", "/a/b", "/b", "/A", "/ab", "/a(/|$)(.*)", "/(a|b)/c", "/[0-9]+")
"""Not `/d` beside `/d/`: of two such prefixes nginx's configuration has two locations of one name, and is refused."""
ANNOTATIONS: Mapping[str, tuple[str, ...]] = {
    "use-regex": ("true", "false"),
    "rewrite-target": ("/", "/x/$1", "/a"),
    "ssl-redirect": ("true", "false"),
    "force-ssl-redirect": ("true",),
    "app-root": ("/app",),
    "permanent-redirect": ("https://moved.test/x",),
    "server-alias": ("c.example", "b.example"),
    "canary": ("true",),
    "canary-weight": ("0", "30", "100"),
    "canary-by-header": ("env",),
    "canary-by-header-value": ("new",),
    "canary-by-cookie": ("env",),
}

services = st.sampled_from(("one", "two", "three"))
backends = st.builds(lambda name: {"service": {"name": name, "port": {"number": 80}}}, services)
paths = st.builds(
    lambda path, kind, backend: {"path": path, "pathType": kind, "backend": backend},
    st.sampled_from(PATHS),
    st.sampled_from(("Exact", "Prefix", "ImplementationSpecific")),
    backends,
)
rules = st.builds(
    lambda host, own: {**({"host": host} if host else {}), "http": {"paths": own}},
    st.sampled_from(HOSTS),
    st.lists(paths, max_size=3),
)
annotations = st.lists(st.sampled_from(sorted(ANNOTATIONS)), max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({f"{PREFIX}{name}": st.sampled_from(ANNOTATIONS[name]) for name in names})
)


@st.composite
def ingresses(draw: st.DrawFn) -> str:
    """Draw a few Ingresses of two namespaces, with and without certificates."""
    documents = [_ingress(draw, number) for number in range(draw(st.integers(1, 4)))]
    return "---\n".join(map(yaml.safe_dump, documents))


def _ingress(draw: st.DrawFn, number: int) -> dict[str, Any]:
    own = draw(st.lists(rules, max_size=2))
    spec: dict[str, Any] = {"ingressClassName": draw(st.sampled_from(("nginx", "nginx", "other"))), "rules": own}
    if not own or draw(st.integers(0, 3)) == 0:
        spec["defaultBackend"] = draw(backends)
    hosts = [rule["host"] for rule in own if "host" in rule]
    if hosts and draw(st.booleans()):
        spec["tls"] = [{"hosts": hosts, "secretName": f"cert{number}"}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": f"i{number}",
            "namespace": draw(st.sampled_from(("shop", "team"))),
            "annotations": draw(annotations),
        },
        "spec": spec,
    }


@settings(max_examples=30)
@given(ingresses())
def test_requests_end_where_they_ended_before(text: str) -> None:
    documents = parse_file("drawn.yaml", text.encode()).documents

    assert verified(documents, converted(text).objects).differences == ()
