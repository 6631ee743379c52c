import pytest

from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.translator.reference_grants import Pointer, permitted
from tests.unit.translator.manifests import scratch

HTTPROUTE = GroupKind("gateway.networking.k8s.io", "HTTPRoute")
SERVICE = GroupKind("", "Service")
POINTER = Pointer(HTTPROUTE, "shop", SERVICE, ObjectKey("payments", "pay"))


def grant(from_: str, to: str, namespace: str = "payments") -> str:
    return f"""
        kind: ReferenceGrant
        metadata: {{name: g, namespace: {namespace}}}
        spec:
          from: [{from_}]
          to: [{to}]
    """


GOOD_FROM = "{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}"
GOOD_TO = "{group: '', kind: Service}"


def test_within_a_namespace_nothing_is_needed() -> None:
    assert permitted(scratch(), POINTER._replace(to=ObjectKey("shop", "cart")))


def test_across_namespaces_a_grant_is_needed() -> None:
    assert not permitted(scratch(), POINTER)


@pytest.mark.parametrize(
    ("from_", "to", "namespace", "allowed"),
    [
        (GOOD_FROM, GOOD_TO, "payments", True),
        (GOOD_FROM, "{group: '', kind: Service, name: pay}", "payments", True),
        (GOOD_FROM, "{group: '', kind: Service, name: other}", "payments", False),
        (GOOD_FROM, "{group: '', kind: Secret}", "payments", False),
        (GOOD_FROM, "{group: apps, kind: Service}", "payments", False),
        (GOOD_FROM, GOOD_TO, "shop", False),
        ("{group: gateway.networking.k8s.io, kind: GRPCRoute, namespace: shop}", GOOD_TO, "payments", False),
        ("{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: blog}", GOOD_TO, "payments", False),
        ("{group: networking.k8s.io, kind: HTTPRoute, namespace: shop}", GOOD_TO, "payments", False),
        (f"{{group: '', kind: Nobody, namespace: shop}}, {GOOD_FROM}", GOOD_TO, "payments", True),
    ],
)
def test_what_a_grant_allows(from_: str, to: str, namespace: str, *, allowed: bool) -> None:
    assert permitted(scratch(grant(from_, to, namespace)), POINTER) is allowed


def test_a_grant_from_one_kind_to_another_does_not_combine_with_a_second_grant() -> None:
    first = grant(GOOD_FROM, "{group: '', kind: Secret}")
    second = grant("{group: gateway.networking.k8s.io, kind: Gateway, namespace: shop}", GOOD_TO).replace("g,", "h,")
    assert not permitted(scratch(first, second), POINTER)
