import json

from gatewayd.telemetry.version import installed_version
from tests.unit.cli.command import Gatewayd


def test_versions(gatewayd: Gatewayd) -> None:
    ran = gatewayd("version", "--client")
    assert ran.code == 0
    assert f"gatewayd     {installed_version()} (Python 3" in ran.out
    assert "HTTPRoute v1/v1beta1" in ran.out


def test_json(gatewayd: Gatewayd) -> None:
    value = json.loads(gatewayd("version", "--client", "-o", "json").out)
    assert value.keys() == {"gatewayd", "python", "envoy", "gatewayAPI", "run"}
    assert value["run"] is None
