"""`gatewayd why` on a folder."""

import json
from pathlib import Path

from typer.testing import CliRunner

from gatewayd.cli.why import app

MANIFEST = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw}
spec: {gatewayClassName: gatewayd, listeners: [{name: http, port: 8080, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: it}
spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: nobody, port: 80}]}]}
"""


def asked(folder: Path, *arguments: str) -> tuple[int, str]:
    (folder / "it.yaml").write_text(MANIFEST)
    result = CliRunner().invoke(app, [*arguments, str(folder)])
    return result.exit_code, result.output


def test_a_broken_route_says_where(tmp_path: Path) -> None:
    code, output = asked(tmp_path, "httproute/it")
    assert code == 1
    assert 'BackendNotFound: Service "default/nobody" does not exist' in output


def test_the_same_as_json(tmp_path: Path) -> None:
    code, output = asked(tmp_path, "-o", "json", "httproute/default/it")
    steps = json.loads(output)["steps"]
    assert code == 1
    place = f"{tmp_path / 'it.yaml'}:7"
    first = {"depth": 0, "mark": "info", "subject": "HTTPRoute default/it", "says": "generation 1", "place": place}
    assert steps[0] == first


def test_lines_of_files_stand_behind_what_they_say(tmp_path: Path) -> None:
    _, output = asked(tmp_path, "httproute/it")
    assert output.splitlines()[0] == f"   HTTPRoute default/it: generation 1  ({tmp_path / 'it.yaml'}:7)"


def test_a_gateway_has_a_chain_too(tmp_path: Path) -> None:
    code, output = asked(tmp_path, "gateways/gw")
    assert code == 0
    assert "listener http :8080: HTTP for *, takes HTTPRoute, GRPCRoute" in output


def test_a_namespace_may_stand_apart(tmp_path: Path) -> None:
    code, output = asked(tmp_path, "gateway/gw", "-n", "shop")
    assert (code, output) == (1, "NO Gateway shop/gw: does not exist\n")


def test_what_nothing_is_said_of(tmp_path: Path) -> None:
    assert asked(tmp_path, "it")[0] == 1
    assert asked(tmp_path, "service/it")[0] == 1
