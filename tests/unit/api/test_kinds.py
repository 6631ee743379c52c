import pytest

from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.kinds import BY_GROUP_KIND, BY_STRUCT, KINDS, Kind
from gatewayd.api.meta import GroupKind


def test_every_kind_is_found_both_ways() -> None:
    for kind in KINDS:
        assert BY_GROUP_KIND[kind.group_kind] is kind
        assert BY_STRUCT[kind.struct] is kind
    assert BY_STRUCT[HTTPRoute].group_kind == GroupKind("gateway.networking.k8s.io", "HTTPRoute")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_rows_make_sense(kind: Kind) -> None:
    assert kind.version == kind.accepted_versions[0]
    assert kind.struct.__name__ == kind.kind
    assert kind.plural == kind.plural.lower()
    assert kind.api_version == (f"{kind.group}/{kind.version}" if kind.group else kind.version)


def test_few_kinds_are_cluster_scoped() -> None:
    assert {kind.kind for kind in KINDS if not kind.namespaced} == {
        *("Namespace", "GatewayClass", "ClusterTrustBundle", "IngressClass", "XMesh"),
    }


def test_status_is_written_to_the_kinds_of_gateway_api_that_have_one() -> None:
    assert {kind.kind for kind in KINDS if not kind.statused} == {
        *("Service", "Secret", "ConfigMap", "Namespace", "EndpointSlice", "ReferenceGrant", "ClusterTrustBundle"),
        *("RouteFilter", "IngressClass", "ServiceImport"),
    }
