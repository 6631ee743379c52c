"""Every reference to a Secret or a ConfigMap is followed, as far as it may be, and no other."""

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

import pytest

from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.incremental.view import Member
from gatewayd.ir.infrastructure import object_name
from gatewayd.translator.contents import Content
from gatewayd.translator.infrastructure.gateway import INFRASTRUCTURE
from gatewayd.translator.outcomes.gateways_and_routes import OUTCOMES
from gatewayd.translator.proxies.proxy_config import PROXIES
from gatewayd.translator.referred import CONTENTS, contents_of, wanted
from tests.golden.cases import CASES, Case, objects
from tests.unit.translator.manifests import CLASS, SHOP, deltas, member, scratch

T = TypeVar("T")

GATEWAY = """
kind: Gateway
metadata: {name: gw, namespace: shop}
spec:
  gatewayClassName: gatewayd
  allowedListeners: {namespaces: {from: All}}
  infrastructure: {parametersRef: {group: "", kind: ConfigMap, name: parameters}}
  listeners:
  - {name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: one}, {name: two, namespace: certs}]}}
  - {name: b, port: 80, protocol: HTTP}
  tls:
    backend: {clientCertificateRef: {name: client}}
    frontend:
      default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}
      perPort:
      - {port: 443, tls: {validation: {caCertificateRefs: [{group: "", kind: Secret, name: ca, namespace: trust}]}}}
"""
SET = """
kind: ListenerSet
metadata: {name: more, namespace: team}
spec:
  parentRef: {name: gw, namespace: shop}
  listeners: [{name: a, port: 443, protocol: HTTPS, hostname: a.example, tls: {certificateRefs: [{name: mine}]}}]
"""
POLICY = """
kind: BackendTLSPolicy
metadata: {name: p, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: cart}]
  validation:
    hostname: a.example
    caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}, {group: "", kind: Secret, name: ca},
      {group: certificates.k8s.io, kind: ClusterTrustBundle, name: all}]
"""
XBACKEND = """
kind: XBackend
metadata: {name: x, namespace: shop}
spec:
  type: ExternalHostname
  externalHostname: {hostname: a.example}
  port: {number: 443}
  tls:
    mode: ClientAndServer
    clientCertificateRef: {name: client}
    validation: {hostname: a.example, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}
"""
PARAMETERS = CLASS.replace(
    "gatewayd.io/controller}",
    "gatewayd.io/controller, parametersRef: {group: '', kind: ConfigMap, name: p, namespace: gatewayd-system}}",
)


def grant(source: str, namespace: str, kind: str, to: str) -> str:
    group = BY_STRUCT[member(source, "x").table].group
    return f"""
kind: ReferenceGrant
metadata: {{name: g, namespace: {to}}}
spec: {{from: [{{group: {group}, kind: {source}, namespace: {namespace}}}], to: [{{group: "", kind: {kind}}}]}}
"""


def read(which: Member, *manifests: str) -> set[str]:
    return {f"{each.kind} {each.key}" for each in wanted(scratch(*manifests), which)}


GW = member("Gateway", "shop/gw")
LOCAL = {"ConfigMap shop/parameters", "Secret shop/one", "Secret shop/client", "ConfigMap shop/ca"}


def test_everything_that_a_gateway_names_in_its_namespace() -> None:
    assert read(GW, CLASS, GATEWAY) == LOCAL


def test_what_it_names_elsewhere_when_a_grant_allows_it() -> None:
    certs, trust = grant("Gateway", "shop", "Secret", "certs"), grant("Gateway", "shop", "Secret", "trust")
    assert read(GW, CLASS, GATEWAY, certs) == LOCAL | {"Secret certs/two"}
    assert read(GW, CLASS, GATEWAY, certs, trust) == LOCAL | {"Secret certs/two", "Secret trust/ca"}
    assert read(GW, CLASS, GATEWAY, grant("Gateway", "other", "Secret", "certs")) == LOCAL


@pytest.mark.parametrize("name", ["gatewayd.io/other", ""])
def test_of_a_gateway_of_somebody_else_nothing_is_read(name: str) -> None:
    assert read(GW, *([CLASS.replace("gatewayd.io/controller", name)] if name else []), GATEWAY) == set()


def test_what_a_set_names_when_its_gateway_lets_it_in() -> None:
    which = member("ListenerSet", "team/more")
    assert read(which, CLASS, GATEWAY, SET) == {"Secret team/mine"}
    assert read(which, CLASS, GATEWAY.replace("from: All", "from: None"), SET) == set()
    assert read(which, SET) == set()


def test_what_policies_and_backends_name() -> None:
    assert read(member("BackendTLSPolicy", "shop/p"), POLICY) == {"ConfigMap shop/ca", "Secret shop/ca"}
    assert read(member("XBackend", "shop/x"), XBACKEND) == {"ConfigMap shop/ca", "Secret shop/client"}


ACCESS = """
apiVersion: gatewayd.io/v1alpha1
kind: AccessPolicy
metadata: {name: keys, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
  default: {apiKeys: {secretRefs: [{name: clients}, {name: away, namespace: vault}]}}
"""


def test_what_access_policies_name() -> None:
    which = member("AccessPolicy", "shop/keys")
    assert read(which, ACCESS) == {"Secret shop/clients"}
    granted = grant("AccessPolicy", "shop", "Secret", "vault")
    assert read(which, ACCESS, granted) == {"Secret shop/clients", "Secret vault/away"}
    basic = ACCESS.partition("  default:")[0] + "  override: {basic: {secretRef: {name: users}}}"
    assert read(which, basic) == {"Secret shop/users"}


def test_what_client_policies_name() -> None:
    policy = """
    kind: ClientPolicy
    metadata: {name: clients, namespace: shop}
    spec:
      targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]
      default: {clientCertificate: {revocation: {lists: [{name: crl}, {kind: Secret, name: more}]}}}
    """
    assert read(member("ClientPolicy", "shop/clients"), policy) == {"ConfigMap shop/crl", "Secret shop/more"}


def test_what_policies_with_scripts_name() -> None:
    targets = "[{group: gateway.networking.k8s.io, kind: Gateway, name: gw}]"
    own = f"""
    kind: RoutePolicy
    metadata: {{name: p, namespace: shop}}
    spec: {{targetRefs: {targets}, default: {{lua: {{configMapRef: {{name: code}}}}}}}}
    """
    theirs = f"""
    kind: EnvoyExtensionPolicy
    metadata: {{name: p, namespace: shop}}
    spec: {{targetRefs: {targets}, lua: [{{type: ValueRef, valueRef: {{kind: ConfigMap, name: code}}}}]}}
    """
    assert read(member("RoutePolicy", "shop/p"), own) == {"ConfigMap shop/code"}
    assert read(member("EnvoyExtensionPolicy", "shop/p"), theirs) == {"ConfigMap shop/code"}


def test_the_parameters_of_a_class_of_ours() -> None:
    which = member("GatewayClass", "gatewayd")
    assert read(which, PARAMETERS) == {"ConfigMap gatewayd-system/p"}
    assert read(which, PARAMETERS.replace("gatewayd.io/controller", "other.io/controller")) == set()
    assert read(which, CLASS) == set()


def test_the_same_is_told_of_objects_on_their_way() -> None:
    [gateway] = deltas(GATEWAY)
    found = contents_of(scratch(CLASS), gateway.obj)  # type: ignore[arg-type]
    assert {f"{each.kind} {each.key}" for each in found} == LOCAL
    assert all(contents_of(scratch(CLASS), each.obj) == frozenset() for each in deltas(SHOP) if each.key != GW.key)  # type: ignore[arg-type]


def test_what_is_gone_wants_nothing() -> None:
    assert all(wanted(scratch(), Member(source.table, GW.key)) == frozenset() for source in CONTENTS.sources)


class _Recording(Scratch):
    """Takes down which Secrets and ConfigMaps are looked up."""

    def __init__(self, tables: Mapping[Any, Mapping[Any, Any]]) -> None:
        super().__init__(tables)
        self.read: set[Content] = set()

    def get(self, table: type[T], key: Hashable) -> T | None:
        if table is Secret or table is ConfigMap:
            assert isinstance(key, ObjectKey)
            self.read.add(Content(table.__name__, key))
        return super().get(table, key)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_whatever_is_looked_up_has_been_referred_to(case: Case) -> None:
    """What the translator reads and CONTENTS does not name would never arrive in a cluster."""
    tables: dict[Any, dict[Any, Any]] = {}
    for each in objects(case):
        tables.setdefault(each.kind, {})[each.key] = each.obj
    view = _Recording(tables)
    for output in (PROXIES, OUTCOMES, INFRASTRUCTURE):
        for source in output.sources:
            for key in tables.get(source.table, {}):
                view.ask(source.query, Member(source.table, key))
    named = {
        content
        for source in CONTENTS.sources
        for key in tables.get(source.table, {})
        for content in view.ask(source.query, Member(source.table, key))
    }
    assert view.read <= named


def test_what_a_gateway_refers_to_is_read_on_while_its_class_is_gone_and_its_proxies_run() -> None:
    service = f"""
    kind: Service
    metadata: {{name: {object_name("shop", "gw")}, namespace: shop, labels: {{app.kubernetes.io/managed-by: gatewayd}}}}
    spec: {{ports: [{{port: 80}}]}}
    """
    certificate = Content("Secret", ObjectKey("shop", "one"))
    assert certificate in wanted(scratch(GATEWAY, service), member("Gateway", "shop/gw"))
    assert wanted(scratch(GATEWAY), member("Gateway", "shop/gw")) == frozenset()
