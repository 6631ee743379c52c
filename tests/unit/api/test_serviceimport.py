"""ServiceImport: both versions are read alike, and what is kept of one says where its endpoints are."""

import pytest

from gatewayd.api.compact import compact
from gatewayd.api.decode import Decoded, decode
from gatewayd.api.serviceimport import DERIVED_SERVICE, ServiceImport, ServiceImportPort


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
def test_both_versions(version: str) -> None:
    found = decode(
        {
            "apiVersion": f"multicluster.x-k8s.io/{version}",
            "kind": "ServiceImport",
            "metadata": {"name": "store", "namespace": "shop", "annotations": {DERIVED_SERVICE: "d", "other": "x"}},
            "spec": {
                "type": "ClusterSetIP",
                "ips": ["10.0.0.1"],
                "ports": [{"name": "web", "port": 80, "appProtocol": "http"}],
                "sessionAffinity": "None",
                "trafficDistribution": "PreferSameZone",
            },
            "status": {"clusters": [{"cluster": "east"}]},
        }
    )
    assert isinstance(found, Decoded)
    row = found.obj
    assert isinstance(row, ServiceImport)
    assert row.spec.ports == (ServiceImportPort(name="web", port=80, app_protocol="http"),)
    assert compact(row).metadata.annotations == {DERIVED_SERVICE: "d"}
    assert compact(row).spec == row.spec
