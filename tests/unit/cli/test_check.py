import json
from pathlib import Path

from tests.unit.cli.command import Gatewayd
from tests.unit.example import SHOP

BROKEN = SHOP.replace("{name: cart, port: 80, weight: 3}", "{name: none, port: 80, weight: 3}")


def test_all_is_well(gatewayd: Gatewayd, shop: Path) -> None:
    ran = gatewayd("check", shop)

    assert (ran.code, ran.out) == (0, "all is well\n")


def test_errors_stand_at_their_lines(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "shop.yaml").write_text(BROKEN)

    ran = gatewayd("check", shop)

    assert ran.code == 1
    assert ran.out == (
        f"{shop}/shop.yaml:19: error: HTTPRoute default/shop: "
        'spec.rules[0].backendRefs[0]: Service "default/none" does not exist\n'
        "1 errors, 0 warnings\n"
    )


def test_warnings_are_no_failure(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "other.yaml").write_text("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n")

    ran = gatewayd("check", shop)

    assert ran.code == 0
    assert "warning: Deployment of apps/v1 is not read" in ran.out or "warning: Deployment" in ran.out


def test_annotations_for_github(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "shop.yaml").write_text(BROKEN)

    ran = gatewayd("check", "--github", shop)

    assert ran.out.startswith(f"::error file={shop}/shop.yaml,line=19::HTTPRoute default/shop: spec.rules")


def test_json(gatewayd: Gatewayd, shop: Path) -> None:
    (shop / "shop.yaml").write_text(BROKEN)

    (finding,) = json.loads(gatewayd("check", "-o", "json", shop).out)["findings"]

    assert (finding["line"], finding["severity"], finding["reason"]) == (19, "error", "BackendNotFound")


def test_without_an_envoy_there_is_no_asking_it(gatewayd: Gatewayd, shop: Path, tmp_path: Path) -> None:
    ran = gatewayd("check", "--envoy", "--envoy-path", tmp_path / "none", shop)

    assert ran.code == 3
    assert "there is no such file" in ran.err
