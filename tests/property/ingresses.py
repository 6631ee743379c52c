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
_INGRESS_SPEC = st.fixed_dictionaries(
    {
        "ingressClassName": one_of(*["old"] * 5, "none"),
        "rules": st.lists(RULE, min_size=1, max_size=3),
    },
    optional={
        "defaultBackend": INGRESS_BACKEND,
        "tls": st.lists(TLS, max_size=2),
    },
)
_ANNOTATION: dict[str, st.SearchStrategy[str]] = {
    "rewrite-target": one_of("/", "/x", "/$1", "http://a/"),
    "use-regex": one_of("true", "false"),
    "app-root": st.just("/app"),
    "ssl-redirect": one_of("true", "false"),
    "force-ssl-redirect": st.just("true"),
    "whitelist-source-range": one_of("10.0.0.0/8", "inside"),
    "proxy-body-size": one_of("1k", "0"),
    "proxy-connect-timeout": one_of("1", "2"),
    "auth-url": one_of("http://pay.shop.svc/check", "http://none", "https://elsewhere.example"),
    "auth-tls-secret": st.just("a"),
    "backend-protocol": one_of("GRPC", "HTTPS"),
    "enable-cors": st.just("true"),
    "canary": st.just("true"),
    "mirror-target": st.just("http://pay.shop.svc"),
    "permanent-redirect": st.just("https://a.example"),
    "affinity": st.just("cookie"),
}
ANNOTATIONS = st.dictionaries(one_of(*_ANNOTATION), st.just(""), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({f"nginx.ingress.kubernetes.io/{name}": _ANNOTATION[name] for name in names})
)
CLASS_ANNOTATIONS = one_of(
    {}, {}, {"gatewayd.io/nginx-annotations": "strict"}, {"gatewayd.io/nginx-annotations": "lenient"}
)
_CLASS_SPEC = st.fixed_dictionaries(
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
INGRESS = st.fixed_dictionaries({"spec": _INGRESS_SPEC, "annotations": ANNOTATIONS})
INGRESS_CLASS = st.fixed_dictionaries({"spec": _CLASS_SPEC, "annotations": CLASS_ANNOTATIONS})
