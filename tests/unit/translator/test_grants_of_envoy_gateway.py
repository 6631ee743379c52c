"""Every field of Envoy Gateway's kinds that can point into another namespace, against every way of granting it or not.

The grant is for the kind that has the field, not for that of ours which is made of it.
"""

import json
from typing import Any, Final

import pytest

from gatewayd.api.envoy_gateway.fields import every_field
from gatewayd.api.envoy_gateway.objects import ENVOY_GATEWAY_GROUP
from gatewayd.api.envoy_gateway.outside import FilterSpec, OutsideSpec
from gatewayd.api.envoy_gateway.proxies import EnvoyProxySpec
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Member
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT
from gatewayd.offline.translate import offline
from gatewayd.translator.envoy_gateway.kinds import FOREIGN_KINDS
from tests.unit.envoy_gateway import foreign
from tests.unit.policies import target
from tests.unit.translator.manifests import CLASS, TABLES, delta, deltas
from tests.unit.translator.test_grant_matrix import GATEWAY, GRANTS, Field, grant, route, verdicts

FAR: Final = {"name": "target", "namespace": "far"}
SERVER: Final = {**FAR, "port": 80}
KEYS: Final = {"credentialRefs": [FAR], "extractFrom": [{"headers": ["x-key"]}]}


def _keys(**server: Any) -> dict[str, Any]:
    remote = {"uri": "http://keys.example/", **server}
    return {"jwt": {"providers": [{"name": "a", "issuer": "b", "remoteJWKS": remote}]}}


def _login(secret: dict[str, Any], server: dict[str, Any]) -> dict[str, Any]:
    urls = dict.fromkeys(("issuer", "authorizationEndpoint", "tokenEndpoint"), "http://a.example/x")
    return {"oidc": {"provider": {**urls, "backendRefs": [server]}, "clientID": "a", "clientSecret": secret}}


OWN: Final = {"name": "own", "port": 80}
SPECS: Final[dict[tuple[str, str, str], dict[str, Any]]] = {
    ("SecurityPolicy", "apiKeyAuth.credentialRefs[]", "Secret"): {"apiKeyAuth": KEYS},
    ("SecurityPolicy", "basicAuth.users", "Secret"): {"basicAuth": {"users": FAR}},
    ("SecurityPolicy", "oidc.clientSecret", "Secret"): _login(FAR, OWN),
    ("SecurityPolicy", "oidc.provider.backendRefs[]", "Service"): _login({"name": "own"}, SERVER),
    ("SecurityPolicy", "jwt.providers[].remoteJWKS.backendRef", "Service"): _keys(backendRef=SERVER),
    ("SecurityPolicy", "jwt.providers[].remoteJWKS.backendRefs[]", "Service"): _keys(backendRefs=[SERVER]),
    ("SecurityPolicy", "extAuth.grpc.backendRef", "Service"): {"extAuth": {"grpc": {"backendRef": SERVER}}},
    ("SecurityPolicy", "extAuth.grpc.backendRefs[]", "Service"): {"extAuth": {"grpc": {"backendRefs": [SERVER]}}},
    ("SecurityPolicy", "extAuth.http.backendRef", "Service"): {"extAuth": {"http": {"backendRef": SERVER}}},
    ("SecurityPolicy", "extAuth.http.backendRefs[]", "Service"): {"extAuth": {"http": {"backendRefs": [SERVER]}}},
    ("EnvoyExtensionPolicy", "extProc[].backendRef", "Service"): {"extProc": [{"backendRef": SERVER}]},
    ("EnvoyExtensionPolicy", "extProc[].backendRefs[]", "Service"): {"extProc": [{"backendRefs": [SERVER]}]},
}
"""By the kind, the field, and the kind of what it points at."""


def _outside(spec: Any) -> Any:
    """Return a spec whose servers are Backends of theirs."""
    if spec == SERVER:
        return {**SERVER, "group": ENVOY_GATEWAY_GROUP, "kind": "Backend"}
    if isinstance(spec, dict):
        return {name: _outside(value) for name, value in spec.items()}
    return [_outside(each) for each in spec] if isinstance(spec, list) else spec


SPECS |= {(kind, field, "Backend"): _outside(spec) for (kind, field, to), spec in SPECS.items() if to == "Service"}


def _log(kind: str, field: str, **server: Any) -> dict[str, Any]:
    sink = {"type": kind, field: server}
    return {"telemetry": {"accessLog": {"settings": [{"type": "Route", "sinks": [sink]}]}}}


def _traces(**server: Any) -> dict[str, Any]:
    return {"telemetry": {"tracing": {"provider": server}}}


_SINK: Final = "telemetry.accessLog.settings[].sinks[]"
PROXIES: Final[dict[str, dict[str, Any]]] = {
    f"{_SINK}.als.backendRef": _log("ALS", "als", backendRef=SERVER),
    f"{_SINK}.als.backendRefs[]": _log("ALS", "als", backendRefs=[SERVER]),
    f"{_SINK}.openTelemetry.backendRef": _log("OpenTelemetry", "openTelemetry", backendRef=SERVER),
    f"{_SINK}.openTelemetry.backendRefs[]": _log("OpenTelemetry", "openTelemetry", backendRefs=[SERVER]),
    "telemetry.tracing.provider.backendRef": _traces(backendRef=SERVER),
    "telemetry.tracing.provider.backendRefs[]": _traces(backendRefs=[SERVER]),
}
"""By the field of an EnvoyProxy."""


def test_every_reference_field_is_in_the_table() -> None:
    specs = [(kind.name, kind.spec) for kind in FOREIGN_KINDS.values()]
    specs += [("Backend", OutsideSpec), ("HTTPRouteFilter", FilterSpec)]
    paths = {(kind, path) for kind, spec in specs for path, _ in every_field(spec) if path.endswith(".namespace")}
    assert paths == {(kind, f"spec.{field}.namespace") for kind, field, _ in SPECS}
    of_proxies = {path for path, _ in every_field(EnvoyProxySpec) if path.endswith(".namespace")}
    assert of_proxies == {f"spec.{field}.namespace" for field in PROXIES}


@pytest.mark.parametrize("case", GRANTS)
@pytest.mark.parametrize("at", SPECS, ids=".".join)
def test_a_reference_crosses_namespaces_only_by_a_grant_for_it(at: tuple[str, str, str], case: str) -> None:
    kind, _, to = at
    group = ENVOY_GATEWAY_GROUP if to == "Backend" else ""
    field = Field(source=kind, source_group=ENVOY_GATEWAY_GROUP, target=to, group=group, manifest="")
    near = route("HTTPRoute", "rules: [{backendRefs: [{name: own, port: 80}]}]")
    own = "{kind: Service, metadata: {name: own, namespace: near}, spec: {ports: [{port: 80}]}}"
    texts = f"{CLASS}---{GATEWAY}---{near}---\n{own}{grant(case, field)}"
    policy = foreign(kind, "it", target("HTTPRoute", "it"), namespace="near", **SPECS[at])
    found = offline((*deltas(texts), delta(policy)), DEFAULT_ENVIRONMENT)
    outcome = found.outcomes[Member(TABLES[kind], ObjectKey("near", "it"))]
    [accepted] = (each for each in verdicts(outcome) if each.type == "Accepted")
    assert not accepted.status, json.dumps(SPECS[at])
    assert ("ReferenceGrant" in accepted.message) is not case.startswith("right")


@pytest.mark.parametrize("case", GRANTS)
@pytest.mark.parametrize("at", PROXIES)
def test_what_an_envoy_proxy_names_is_told_by_its_gateway(at: str, case: str) -> None:
    field = Field(source="EnvoyProxy", source_group=ENVOY_GATEWAY_GROUP, target="Service", group="", manifest="")
    ref = f"{{group: {ENVOY_GATEWAY_GROUP}, kind: EnvoyProxy, name: it}}"
    named = GATEWAY.replace("gatewayClassName", f"infrastructure: {{parametersRef: {ref}}}, gatewayClassName")
    texts = f"{CLASS}---{named}{grant(case, field)}"
    proxy = foreign("EnvoyProxy", "it", namespace="near", **PROXIES[at])
    found = offline((*deltas(texts), delta(proxy)), DEFAULT_ENVIRONMENT)
    said = [each.message for each in verdicts(found.outcomes[Member(TABLES["Gateway"], ObjectKey("near", "gw"))])]
    assert any(each.startswith("spec.infrastructure.parametersRef: EnvoyProxy") for each in said)
    assert any("ReferenceGrant" in each for each in said) is not case.startswith("right")
