"""The project's own names stand in one module, and what is generated or built beside it follows them."""

from pathlib import Path

from gatewayd import own_group
from gatewayd.own_group import (
    API_VERSION,
    CONTROLLER,
    DOMAIN,
    IDENTITY,
    PREFIX,
    ingress_controller,
    is_managed,
    manager,
    own,
)

ROOT = Path(__file__).parents[2]


def test_names_are_of_the_domain() -> None:
    assert (API_VERSION, CONTROLLER, own("fleet")) == (f"{DOMAIN}/v1alpha1", f"{DOMAIN}/controller", f"{DOMAIN}/fleet")
    assert own("x").startswith(PREFIX)
    assert IDENTITY == "spiffe://gatewayd/ns/"


def test_each_controller_name_has_a_mark_and_ingress_classes_of_its_own() -> None:
    assert (manager(CONTROLLER), ingress_controller(CONTROLLER)) == ("gatewayd", f"{DOMAIN}/ingress-controller")
    assert manager("red.example/gatewayd") == "gatewayd.red.example_gatewayd"
    assert ingress_controller("red.example/gatewayd") == "red.example/ingress-gatewayd"
    assert all(is_managed(manager(each)) for each in (CONTROLLER, "red.example/gatewayd"))
    assert not any(is_managed(each) for each in ("", "Helm", "gatewayd-operator"))


def test_no_other_module_writes_them_out() -> None:
    own_file = Path(own_group.__file__)
    written = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "gatewayd").rglob("*.py")
        if path != own_file and any(name in path.read_text(encoding="utf-8") for name in (DOMAIN, IDENTITY))
    ]
    assert written == []


def test_the_image_names_the_domain() -> None:
    assert f'org.opencontainers.image.url="https://{DOMAIN}"' in (ROOT / "deploy/Dockerfile").read_text()
