"""Two teams on one Gateway, each with an object of every kind; and an engine that fails on whatever is one team's."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from gatewayd import translator
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Attempt, Index, Query
from gatewayd.ir.tls import Certificate, PrivateBytes
from gatewayd.store import Delta
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from tests.unit.translator import pem
from tests.unit.translator.manifests import deltas
from tests.unit.translator.test_refused_secrets import refused_by

T = TypeVar("T")
TEAMS = ("ann", "bob")

SHARED = """
kind: GatewayClass
metadata: {name: gatewayd}
spec: {controllerName: gatewayd.io/controller}
---
kind: Gateway
metadata: {name: gw, namespace: infra, generation: 1}
spec:
  gatewayClassName: gatewayd
  defaultScope: All
  infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: settings}}
  allowedListeners: {namespaces: {from: All}}
  tls:
    backend: {clientCertificateRef: {name: cert}}
    frontend:
      default:
        validation: {mode: AllowInsecureFallback, caCertificateRefs: [{group: "", kind: ConfigMap, name: roots}]}
  listeners:
  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - {name: tls, port: 8443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}}
---
kind: AccessPolicy
metadata: {name: floor, namespace: infra, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  override:
    clients: {deny: [{cidr: 192.0.2.0/24}]}
---
kind: RoutePolicy
metadata: {name: times, namespace: infra, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  default:
    timeouts: {request: 30s}
---
kind: ConfigMap
metadata: {name: settings, namespace: infra}
data: {replicas: "2"}
---
kind: Service
metadata: {name: gw-5f8f5c9d, namespace: infra}
spec: {ports: [{name: http, port: 80}]}
"""

TEAM = """
kind: HTTPRoute
metadata: {name: web, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra}, {kind: ListenerSet, name: more}, {name: own}]
  hostnames: [NS.example, both.example, "*.NS.example"]
  rules:
  - matches: [{path: {value: /EDIT-NS}}, {path: {type: RegularExpression, value: "/v[0-9]"}}]
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-team, value: NS}]}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: shop, port: 80}}}
    - {type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: {name: shop, port: 80}}}
    sessionPersistence: {sessionName: NS}
    timeouts: {request: 10s}
    backendRefs: [{name: shop, port: 80}, {name: secure, port: 443}, {name: TARGET, port: 443}]
  - matches: [{path: {value: /old-NS}}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}]
  - matches: [{path: {value: /gone-NS}}]
    backendRefs: [{name: gone, port: 80}]
  - matches: [{path: {value: /away-NS}}]
    backendRefs: [{group: gateway.networking.x-k8s.io, kind: XBackend, name: away}]
---
kind: GRPCRoute
metadata: {name: rpc, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra, sectionName: http}]
  hostnames: [rpc.NS.example]
  rules: [{matches: [{method: {service: shop.NS}}], backendRefs: [{name: shop, port: 80}]}]
---
kind: TLSRoute
metadata: {name: pass, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra, sectionName: tls}]
  hostnames: [pass.NS.example]
  rules: [{backendRefs: [{name: shop, port: 80}]}]
---
kind: TCPRoute
metadata: {name: tcp, namespace: NS, generation: 1}
spec:
  parentRefs: [{kind: ListenerSet, name: more, sectionName: tcp}]
  rules: [{backendRefs: [{name: shop, port: 80}]}]
---
kind: UDPRoute
metadata: {name: udp, namespace: NS, generation: 1}
spec:
  parentRefs: [{kind: ListenerSet, name: more, sectionName: udp}]
  rules: [{backendRefs: [{name: dns, port: 53}]}]
---
kind: Gateway
metadata: {name: own, namespace: NS, generation: 1}
spec:
  gatewayClassName: gatewayd
  infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: settings}}
  tls: {backend: {clientCertificateRef: {name: cert}}}
  listeners:
  - {name: http, port: 80, protocol: HTTP}
  - {name: https, port: 443, protocol: HTTPS, hostname: own.NS.example, tls: {certificateRefs: [{name: cert}]}}
---
kind: ConfigMap
metadata: {name: settings, namespace: NS}
data: {nodeSelector: "{team: NS}"}
---
kind: ListenerSet
metadata: {name: more, namespace: NS, generation: 1}
spec:
  parentRef: {name: gw, namespace: infra}
  listeners:
  - name: https
    port: 443
    protocol: HTTPS
    hostname: "*.NS.example"
    tls: {certificateRefs: [{name: cert}]}
    filters:
      requests: [{type: ExternalAuth, externalAuth: {protocol: HTTP, http: {}, backendRef: {name: shop, port: 80}}}]
  - {name: contested, port: 80, protocol: HTTP, hostname: contested.NS.example}
  - {name: tcp, port: PORT, protocol: TCP}
  - {name: udp, port: PORT, protocol: UDP}
---
kind: ListenerSet
metadata: {name: rival, namespace: NS, generation: 1}
spec:
  parentRef: {name: gw, namespace: infra}
  listeners: [{name: contested, port: 80, protocol: HTTP, hostname: contested.NS.example}]
---
kind: Service
metadata: {name: shop, namespace: NS}
spec: {ports: [{name: web, port: 80}]}
---
kind: Service
metadata: {name: secure, namespace: NS}
spec: {ports: [{name: web, port: 443}]}
---
kind: Service
metadata: {name: dns, namespace: NS}
spec: {ports: [{name: dns, port: 53, protocol: UDP}]}
---
kind: EndpointSlice
metadata: {name: shop-1, namespace: NS, labels: {kubernetes.io/service-name: shop}}
addressType: IPv4
ports: [{name: web, port: 8080}]
endpoints: [{addresses: [10.0.0.ADDRESS]}]
---
kind: EndpointSlice
metadata: {name: secure-1, namespace: NS, labels: {kubernetes.io/service-name: secure}}
addressType: IPv4
ports: [{name: web, port: 8443, appProtocol: https}]
endpoints: [{addresses: [10.0.1.ADDRESS]}]
---
kind: BackendTLSPolicy
metadata: {name: tls, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: "", kind: Service, name: secure}]
  validation:
    hostname: secure.NS.example
    caCertificateRefs:
    - {group: "", kind: ConfigMap, name: roots}
    - {group: "", kind: Secret, name: cert}
    - {group: certificates.k8s.io, kind: ClusterTrustBundle, name: NS-roots}
---
kind: XBackendTrafficPolicy
metadata: {name: traffic, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: "", kind: Service, name: shop}]
  retryConstraint: {budget: {percent: 30}}
---
kind: XBackend
metadata: {name: away, namespace: NS, generation: 1}
spec:
  type: ExternalHostname
  externalHostname: {hostname: away.NS.test}
  port: {number: 443}
  tls:
    mode: ClientAndServer
    clientCertificateRef: {name: cert}
    validation: {hostname: away.NS.test, wellKnownCACertificates: System}
---
kind: AccessPolicy
metadata: {name: entry, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]
  default:
    clients: {allow: [{cidr: 10.NUMBER.0.0/16}]}
    apiKeys:
      secretRefs: [{name: keys}]
      sources: [{type: Header, name: x-key}]
      clientHeader: x-client
---
kind: AccessPolicy
metadata: {name: users, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: rpc}]
  default:
    basic: {secretRef: {name: users}}
---
kind: Secret
metadata: {name: users, namespace: NS}
data: {.htpasswd: YW5uOntTSEF9TldvWksza1RzRXhVVjAwWXdvMUc1amxVS0tzPQo=}
---
kind: AccessPolicy
metadata: {name: pages, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: GRPCRoute, name: rpc}]
  default:
    cors: {allowOrigins: ["https://NS.example"]}
---
kind: RoutePolicy
metadata: {name: marks, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: "", kind: Namespace, name: NS}]
  default:
    headers: {response: {set: [{name: x-team, value: NS}]}}
---
kind: RoutePolicy
metadata: {name: passage, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: web}]
  default:
    timeouts: {request: NUMBER0s}
    retry: {attempts: 2, codes: [503]}
---
kind: ReportPolicy
metadata: {name: lines, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: own}]
  default:
    accessLog: {minStatus: 40NUMBER}
---
kind: HTTPRoute
metadata: {name: desk, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra, sectionName: http}]
  hostnames: [desk.NS.example]
  rules: [{backendRefs: [{name: shop, port: 80}]}]
---
kind: AccessPolicy
metadata: {name: login, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: desk}]
  default:
    oidc:
      issuer: https://login.NS.test
      authorizationEndpoint: https://login.NS.test/authorize
      tokenEndpoint: https://login.NS.test/token
      clientID: cNUMBER
      clientSecretRef: {name: login}
      backendRef: {name: secure, port: 443}
---
kind: Secret
metadata: {name: login, namespace: NS}
data: {client-secret: bG9uZy1lbm91Z2gtZm9yLWFueWJvZHktTlM=}
---
kind: HTTPRoute
metadata: {name: api, namespace: NS, generation: 1}
spec:
  parentRefs: [{name: gw, namespace: infra, sectionName: http}]
  hostnames: [api.NS.example]
  rules: [{backendRefs: [{name: shop, port: 80}]}]
---
kind: AccessPolicy
metadata: {name: tokens, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: api}]
  default:
    jwt: {providers: [{name: corp, issuer: "https://NS.test/NUMBER", keys: {uri: "https://keys.NS.test/NUMBER"}}]}
    externalAuth: {protocol: GRPC, backendRef: {name: shop, port: 80}}
---
kind: ClientPolicy
metadata: {name: talk, namespace: NS, generation: 1}
spec:
  targetRefs:
  - {group: gateway.networking.k8s.io, kind: Gateway, name: own}
  - {group: gateway.networking.k8s.io, kind: ListenerSet, name: more}
  default:
    headers: {maxCount: 5NUMBER}
---
kind: BackendPolicy
metadata: {name: calm, namespace: NS, generation: 1}
spec:
  targetRefs: [{group: "", kind: Namespace, name: NS}]
  default:
    limits: {requests: 10NUMBER}
---
kind: Secret
metadata: {name: keys, namespace: NS}
data: {NS: bG9uZy1lbm91Z2gtTlM=}
---
kind: ReferenceGrant
metadata: {name: grant, namespace: NS}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra}]
  to: [{group: "", kind: Service}]
"""


@cache
def shared() -> tuple[Delta, ...]:
    """Return what belongs to neither team."""
    objects = deltas(
        SHARED, pem.good_secret("cert", "infra"), pem.bundle("roots", pem.certificate_of(pem.ec_key()), "infra")
    )
    return (*objects, refused_by(ObjectKey("infra", "gw"), Certificate(name="gone", chain=b"", key=PrivateBytes(b""))))


@cache
def team(name: str, edit: int) -> tuple[Delta, ...]:
    """Return the objects of a team after so many edits of every one of them."""
    return deltas(*team_texts(name, edit))


@cache
def team_texts(name: str, edit: int) -> tuple[str, ...]:
    """Return the manifests of a team after so many edits."""
    number = TEAMS.index(name)
    text = TEAM.replace("NS", name).replace("EDIT", f"edit{edit}").replace("PORT", str(9000 + number))
    text = text.replace("NUMBER", str(edit))
    text = text.replace("ADDRESS", str(100 * number + edit)).replace("generation: 1", f"generation: {edit}")
    text = text.replace("TARGET", "secure").replace("percent: 30", f"percent: {30 + edit}")
    key = pem.ec_key(10 * number + edit)
    chain = pem.certificate_of(key, f"*.{name}.example")
    secret = pem.secret("cert", chain, pem.pem_of(key), name)
    return (
        text,
        secret.replace("tls.crt", f'ca.crt: "{pem.encoded(chain)}", tls.crt'),
        pem.bundle("roots", chain, name),
        pem.cluster_bundle(f"{name}-roots", chain),
    )


def is_of(value: object, name: str) -> bool:
    """Return whether a key, or what it is made of, is a team's: by namespace, by hostname, or by name."""
    if isinstance(value, str):
        return value in (name, f"{name}.example") or value.startswith((f"{name}/", f"{name}-")) or f".{name}." in value
    if isinstance(value, tuple | frozenset):
        return any(is_of(each, name) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return any(is_of(getattr(value, each.name), name) for each in fields(value))
    return False


class Fault(Exception):  # noqa: N818 - short for the tests
    """What is raised."""


Site = Query[Any, Any] | Index | str
"""A query, the filing of an index, or (by its name) a part of a query that may fail by itself."""


class FaultyEngine(Engine):
    """An engine in which one site fails for one team, while it is armed. It knows the sites that it has come by."""

    def __init__(self) -> None:
        super().__init__(INDEXES, OUTPUTS)
        self.site: Site | None = None
        self.victim = ""
        self.sites: dict[Site, int] = {}
        self.raised = 0
        for index, tables in self._keys.items():
            self._keys[index] = {table: self._filing(index, keys) for table, keys in tables.items()}

    def come_by(self, site: Site, key: object) -> None:
        """Fail, when it is this site's turn and the key is the victim's."""
        self.sites[site] = self.sites.get(site, 0) + 1
        if site == self.site and is_of(key, self.victim):
            self.raised += 1
            raise Fault

    def _computed(self, query: Query[Any, Any], key: Any) -> Any:
        self.come_by(query, key)
        return super()._computed(query, key)

    def attempt(self, at: Attempt, run: Callable[[], T], bad: Callable[[Exception], T]) -> T:
        def tried() -> T:
            self.come_by(at.name, at.key)
            return run()

        return super().attempt(at, tried, bad)

    def _filing(self, index: Index, keys: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def filed(value: Any) -> Any:
            self.come_by(index, value)
            return keys(value)

        return filed


def named(site: Site) -> str:
    """Return how a site is called in a report of tests."""
    return site if isinstance(site, str) else f"{type(site).__name__.lower()} {site.name}"


def declared() -> Iterator[Query[Any, Any]]:
    """Yield every query of the translator, by looking into its modules."""
    for found in pkgutil.walk_packages(translator.__path__, "gatewayd.translator."):
        module = importlib.import_module(found.name)
        yield from (each for each in vars(module).values() if isinstance(each, Query))
    yield from (source.query for each in (*INDEXES, *OUTPUTS) for source in each.sources)
