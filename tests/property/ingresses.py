"""Ingresses and their class, with the names that `objects` has: of Services, Secrets, Gateways and hosts."""

from typing import Any

from hypothesis import strategies as st


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


HOSTS = one_of("a.example", "b.example", "*.example", "*.b.example", "x.b.example", "other.org")
INGRESS_BACKEND = st.fixed_dictionaries(
    {"name": one_of("cart", "pay", "none"), "port": one_of({"number": 80}, {"name": "web"}, {"name": "dns"})}
).map(lambda service: {"service": service})
INGRESS_PATH = st.fixed_dictionaries(
    {
        "path": one_of("/", "/a", "/a/b", "/(.*)"),
        "pathType": one_of("Exact", "Prefix", "ImplementationSpecific"),
        "backend": INGRESS_BACKEND | st.just({"resource": {"kind": "Bucket", "name": "b"}}),
    }
)
PATHS = st.fixed_dictionaries({"paths": st.lists(INGRESS_PATH, min_size=1, max_size=2)})
RULE = st.fixed_dictionaries({}, optional={"host": HOSTS, "http": PATHS})
TLS = st.fixed_dictionaries(
    {}, optional={"hosts": st.lists(HOSTS, max_size=2), "secretName": one_of("good", "bad", "none")}
)
INGRESS = st.fixed_dictionaries(
    {
        "ingressClassName": one_of(*["old"] * 5, "none"),
        "rules": st.lists(RULE, min_size=1, max_size=3),
    },
    optional={
        "defaultBackend": INGRESS_BACKEND,
        "tls": st.lists(TLS, max_size=2),
    },
)
INGRESS_CLASS = st.fixed_dictionaries(
    {"controller": one_of(*["gatewayd.io/ingress-controller"] * 5, "k8s.io/ingress-nginx")},
    optional={
        "parameters": st.fixed_dictionaries(
            {
                "apiGroup": st.just("gateway.networking.k8s.io"),
                "kind": one_of("Gateway", "Gateway", "Gateway", "Bucket"),
                "name": one_of("gw", "gw", "edge", "edge", "gone"),
                "namespace": st.just("shop"),
                "scope": st.just("Namespace"),
            }
        )
    },
)
