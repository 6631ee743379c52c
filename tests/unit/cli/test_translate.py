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
