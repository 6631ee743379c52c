"""What users may have written secrets into does not go to others; names and paths do."""

from gatewayd.introspection.published import ResourceChoice, chosen, published
from gatewayd.introspection.withheld import withheld
from gatewayd.xds.dump import REDACTED
from tests.unit.introspection.answering import run_answers
from tests.unit.translator import pem

CANARY = "canary-nobody-sees"
MANIFESTS = f"""
kind: HTTPRoute
metadata: {{name: it, namespace: shop}}
spec:
  parentRefs: [{{name: gw}}]
  rules:
  - matches:
    - path: {{value: /cart}}
      headers: [{{name: x-key, value: {CANARY}}}, {{name: x-like, type: RegularExpression, value: "{CANARY}.*"}}]
      queryParams: [{{name: token, value: {CANARY}}}]
    filters:
    - {{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: authorization, value: Bearer {CANARY}}}]}}}}
    - {{type: ResponseHeaderModifier, responseHeaderModifier: {{add: [{{name: x-a, value: {CANARY}}}]}}}}
    backendRefs: [{{name: cart, port: 80}}]
  - matches: [{{path: {{value: /said}}}}]
    filters: [{{type: ExtensionRef, extensionRef: {{group: gatewayd.io, kind: RouteFilter, name: says}}}}]
---
kind: RouteFilter
metadata: {{name: says, namespace: shop}}
spec: {{directResponse: {{status: 200, body: {CANARY}}}}}
---
kind: Secret
metadata: {{name: clients, namespace: shop}}
data: {{someone: {pem.encoded(CANARY.encode())}}}
---
kind: AccessPolicy
metadata: {{name: keys, namespace: shop}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: it}}]
  default:
    apiKeys: {{secretRefs: [{{name: clients}}], sources: [{{type: Header, name: x-api-key}}]}}
---
kind: AccessPolicy
metadata: {{name: admins, namespace: shop}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: admin}}]
  default: {{authorization: {{allow: [{{headers: [{{name: x-role, values: [{CANARY}-role]}}]}}]}}}}
---
kind: HTTPRoute
metadata: {{name: admin, namespace: shop}}
spec:
  parentRefs: [{{name: gw}}]
  rules:
  - matches: [{{path: {{value: /admin}}}}]
    backendRefs:
    - name: cart
      port: 80
      filters: [{{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: x-b, value: {CANARY}-share}}]}}}}]
---
kind: XTelemetryPolicy
metadata: {{name: traces, namespace: shop}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: gw}}]
  tracing:
    mode: Enabled
    provider:
      type: OTLP
      backendRef: {{name: cart, port: 80}}
      headers: [{{name: authorization, value: {CANARY}-collector}}]
    attributes: [{{sourceType: Literal, name: team, literalValue: {CANARY}-tag}}]
---
kind: ReportPolicy
metadata: {{name: log, namespace: shop}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: gw}}]
  default: {{accessLog: {{withHeaders: [{{name: x-debug, values: [{CANARY}-log]}}]}}}}
---
kind: ClientPolicy
metadata: {{name: early, namespace: shop}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: gw}}]
  default: {{headers: {{early: {{set: [{{name: x-early, value: {CANARY}-early}}]}}}}}}
---
kind: RoutePolicy
metadata: {{name: words, namespace: shop}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: HTTPRoute, name: it}}]
  default:
    headers:
      request: {{set: [{{name: x-c, value: {CANARY}-request}}]}}
      response: {{add: [{{name: x-d, value: {CANARY}-response}}]}}
    errorPages: {{pages: [{{codes: [503], body: "{CANARY}-page}} {{ {CANARY}-page"}}]}}
"""
PLACES = ("role", "share", "collector", "tag", "log", "early", "request", "response", "page")
"""What stands behind a canary, by where users may write it."""


def test_no_canary_is_left_and_what_helps_is() -> None:
    snapshots = run_answers(MANIFESTS, pem.good_secret("cert")).reconciler.snapshots
    told = [published(*each, ResourceChoice()) for each in chosen(snapshots, ResourceChoice())]
    assert CANARY in str([each.content for each in told]), "the canaries are in what is published"
    assert [each for each in PLACES if f"{CANARY}-{each}" not in str([it.content for it in told])] == []

    left = str([withheld(each.content) for each in told])

    assert CANARY not in left
    assert "PRIVATE KEY" not in left
    for name in (
        "team",
        "x-debug",
        "x-early",
        "x-key",
        "authorization",
        "x-api-key",
        "token",
        "/cart",
        "httproute/shop/it/rule/0/match/0",
    ):
        assert name in left


def test_a_header_keeps_its_name() -> None:
    assert withheld([{"header": {"key": "a", "value": "b"}}]) == [{"header": {"key": "a", "value": REDACTED}}]


def test_other_values_stay() -> None:
    assert withheld({"path": "/a", "name": "b", "n": 1, "list": [True, None]}) == {
        "path": "/a", "name": "b", "n": 1, "list": [True, None],
    }  # fmt: skip
