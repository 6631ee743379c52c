"""Where local Envoys differ, and where not; tests/feature/test_first_light.py starts real ones."""

import json
import stat
from pathlib import Path

from gatewayd.ir.fleet import GatewayFleet
from gatewayd.supervisor.local_envoy import LocalEnvoys


def envoys(folder: Path) -> LocalEnvoys:
    return LocalEnvoys(binary=Path("/opt/envoy"), folder=folder, control_plane=folder / "ads", concurrency=1, drain=5.0)


def test_each_has_a_private_folder_and_a_name_of_its_own(tmp_path: Path) -> None:
    for name in ("web", "other"):
        envoys(tmp_path).command(GatewayFleet(namespace="shop", name=name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["envoy-0", "envoy-1"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o700}


def test_it_serves_its_fleet_from_the_socket_of_the_run(tmp_path: Path) -> None:
    command = envoys(tmp_path).command(GatewayFleet(namespace="shop", name="web"))
    text = json.loads(command.bootstrap)
    assert (text["node"]["id"], text["node"]["cluster"]) == ("envoy-0", "shop/web")
    assert text["admin"]["address"]["pipe"]["path"] == str(tmp_path / "envoy-0" / "admin")
    assert str(tmp_path / "ads") in str(command.bootstrap)
