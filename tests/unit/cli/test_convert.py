import io
import json
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.command import Gatewayd
from tests.unit.convert.ingresses import ingress, tls


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(ingress("shop", "/cart", spec=tls("shop.example")))
    return tmp_path


def kinds(text: str) -> list[str]:
    return [each["kind"] for each in yaml.safe_load_all(text)]


def test_objects_and_nothing_else_go_to_standard_output(gatewayd: Gatewayd, folder: Path) -> None:
    ran = gatewayd("convert", folder)
    assert ran.code == 0
    assert kinds(ran.out) == ["Gateway", "ListenerSet", "HTTPRoute", "HTTPRoute"]
    assert ran.err == "4 objects written; fields: 0 exact, 0 approximate, 0 manual, 0 lost\n"


def test_no_object_refers_into_another_part_of_the_text(gatewayd: Gatewayd, folder: Path) -> None:
    (folder / "cors.yaml").write_text(ingress("cors", "/a", "/b", enable_cors="true"))
    assert "&id" not in gatewayd("convert", folder).out


def test_what_is_lost_fails_and_stands_at_its_line(gatewayd: Gatewayd, folder: Path) -> None:
    (folder / "lossy.yaml").write_text(ingress("lossy", host="lossy.example", server_snippet="deny all;"))

    ran = gatewayd("convert", folder)

    assert ran.code == 1
    assert ran.err.startswith(
        f"{folder}/lossy.yaml:7: lost: Ingress shop/lossy: "
        'metadata.annotations["nginx.ingress.kubernetes.io/server-snippet"]: lines of nginx'
    )
    assert kinds(ran.out).count("RouteFilter") == 1
    assert kinds(gatewayd("convert", "--allow-unprotected", folder).out).count("RouteFilter") == 0


def test_a_report_of_all_fields_goes_to_a_file(gatewayd: Gatewayd, folder: Path, tmp_path: Path) -> None:
    (folder / "exact.yaml").write_text(ingress("exact", app_root="/a"))
    report = tmp_path / "report.txt"

    ran = gatewayd("convert", folder, "--report", report)

    assert (ran.code, ran.err) == (0, "")
    assert "exact: Ingress shop/exact: " in report.read_text()


def test_a_report_for_programs(gatewayd: Gatewayd, folder: Path, tmp_path: Path) -> None:
    (folder / "a.yaml").write_text(ingress("exact", app_root="/a"))
    report = tmp_path / "report.json"

    assert gatewayd("convert", folder, "--report", report, "-o", "json").code == 0

    assert json.loads(report.read_text()) == {
        "lossy": False,
        "fields": [
            {
                "file": f"{folder}/a.yaml",
                "line": 7,
                "object": "Ingress shop/exact",
                "path": 'metadata.annotations["nginx.ingress.kubernetes.io/app-root"]',
                "fidelity": "exact",
                "message": "RequestRedirect of / to it, 302",
                "protects": False,
            }
        ],
    }


def test_a_report_that_cannot_be_written_is_told(gatewayd: Gatewayd, folder: Path, tmp_path: Path) -> None:
    ran = gatewayd("convert", folder, "--report", tmp_path / "none" / "report")
    assert ran.code == 3
    assert ran.err.endswith("no such file or directory\n")


def test_standard_input(gatewayd: Gatewayd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ingress().encode())))
    assert kinds(gatewayd("convert", "-").out) == ["Gateway", "HTTPRoute"]


def test_the_gateway_is_whatever_it_shall_be(gatewayd: Gatewayd, folder: Path) -> None:
    options = ("--gateway", "infra/web", "--gateway-class", "mine", "--http-port", "8080", "--https-port", "8443")
    gateway, listeners, *_ = yaml.safe_load_all(gatewayd("convert", folder, *options).out)
    assert (gateway["metadata"], gateway["spec"]["gatewayClassName"]) == ({"name": "web", "namespace": "infra"}, "mine")
    assert gateway["spec"]["listeners"][0]["port"] == 8080
    assert listeners["spec"]["listeners"][0]["port"] == 8443


def test_a_gateway_has_a_namespace(gatewayd: Gatewayd, folder: Path) -> None:
    ran = gatewayd("convert", folder, "--gateway", "web")
    assert (ran.code, ran.out) == (1, "")
    assert "allowed is NAMESPACE/NAME" in ran.err


def test_what_cannot_be_read_is_told(gatewayd: Gatewayd, folder: Path) -> None:
    (folder / "bad.yaml").write_text("a: [")
    ran = gatewayd("convert", folder)
    assert ran.code == 1
    assert "bad.yaml:2: not valid YAML" in ran.err
    assert "HTTPRoute" in kinds(ran.out)
    assert gatewayd("convert", folder / "none").code == 1
