import json
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.command import Gatewayd


def test_statuses_and_resources_as_yaml(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("translate", shop)

    value = yaml.safe_load(ran.out)
    assert ran.code == 0
    assert [(each["kind"], each.get("namespace"), each["name"]) for each in value["statuses"]] == [
        ("Gateway", "default", "web"),
        ("GatewayClass", None, "gatewayd"),
        ("HTTPRoute", "default", "shop"),
    ]
    assert list(value["gateways"]["default/web"]["resources"]) == ["CDS", "EDS", "ECDS", "RDS", "LDS"]


@pytest.mark.parametrize(
    ("options", "keys"), [(("--xds",), {"gateways"}), (("--status",), {"statuses"}), ((), {"gateways", "statuses"})]
)
def test_filters(gatewayd: Gatewayd, shop: Path, options: tuple[str, ...], keys: set[str]) -> None:
    assert set(json.loads(gatewayd("translate", *options, "-o", "json", shop).out)) == keys


def test_what_cannot_be_read_is_told(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "bad.yaml").write_text("a: [")

    ran = gatewayd("translate", shop)

    assert ran.code == 1
    assert "bad.yaml:2: not valid YAML" in ran.err
    assert "default/web" in ran.out


def test_some_resources(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("translate", shop, "--gateway", "default/web", "--type", "rds", "--name", "8080", "-o", "json")

    value = json.loads(ran.out)
    assert list(value) == ["gateways"]
    assert [(kind, list(named)) for kind, named in value["gateways"]["default/web"]["resources"].items()] == [
        ("RDS", ["8080"])
    ]
    assert json.loads(gatewayd("translate", shop, "--gateway", "default/none", "-o", "json").out) == {"gateways": {}}


def test_a_type_that_is_none(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("translate", shop, "--type", "xyz")

    assert ran.code == 1
    assert ran.err.startswith("gatewayd: --type xyz: there is no such type; allowed: CDS, EDS, SDS, ECDS, RDS,")
