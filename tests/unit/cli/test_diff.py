import json
from pathlib import Path

from tests.unit.cli.command import Gatewayd
from tests.unit.example import SHOP


def test_nothing_changes(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("diff", shop, shop)

    assert (ran.code, ran.out) == (0, "nothing changes\n")


def test_drains_are_told(gatewayd: Gatewayd, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text(SHOP.replace("8080", "8081"))

    ran = gatewayd("diff", shop, tmp_path / "new.yaml")

    assert ran.code == 0
    assert "  ! listener tcp-8080: all connections drain; the listener is removed" in ran.out.splitlines()


def test_json_and_what_cannot_be_read(gatewayd: Gatewayd, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text("a: [")

    ran = gatewayd("diff", shop, tmp_path / "new.yaml", "-o", "json")

    assert ran.code == 1
    assert json.loads(ran.out)["gateways"][0]["change"] == "removed"
    assert "new.yaml:2: not valid YAML" in ran.err
