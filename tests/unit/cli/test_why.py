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
    assert steps[0] == {"depth": 0, "mark": "info", "subject": "HTTPRoute default/it", "says": "generation 1"}


def test_what_is_no_route(tmp_path: Path) -> None:
    assert asked(tmp_path, "it")[0] == 1
    assert asked(tmp_path, "service/it")[0] == 1
