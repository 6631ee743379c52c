import json
from pathlib import Path

import pytest

from gatewayd.cli.offline import translation
from gatewayd.introspection import client
from gatewayd.introspection.published import ResourceChoice, chosen, published
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


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ("headers: {maxCount: 50}", "the filter chain changes"),
        ("socket: {proxyProtocol: Required}", "more than filter chains changes"),
    ],
)
def test_a_policy_of_clients_drains(gatewayd: Gatewayd, shop: Path, tmp_path: Path, section: str, why: str) -> None:
    policy = f"""---
apiVersion: gatewayd.io/v1alpha1
kind: ClientPolicy
metadata: {{name: edge, namespace: shop}}
spec:
  targetRefs: [{{group: gateway.networking.k8s.io, kind: GatewayClass, name: gatewayd}}]
  default: {{{section}}}
"""
    (tmp_path / "new.yaml").write_text(SHOP + policy)
    ran = gatewayd("diff", shop, tmp_path / "new.yaml")
    assert ran.code == 0
    assert any("drain" in line and why in line for line in ran.out.splitlines()), ran.out


def test_json_and_what_cannot_be_read(gatewayd: Gatewayd, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text("a: [")

    ran = gatewayd("diff", shop, tmp_path / "new.yaml", "-o", "json")

    assert ran.code == 1
    assert json.loads(ran.out)["gateways"][0]["change"] == "removed"
    assert "new.yaml:2: not valid YAML" in ran.err


def test_an_upgrade_is_foretold(gatewayd: Gatewayd) -> None:
    ran = gatewayd("diff", "--from", "0.1.0")

    assert ran.code == 0
    assert ran.out.startswith("from 0.1.0 to this build, ")
    assert json.loads(gatewayd("diff", "--from", "0.1.0", "-o", "json").out)["from"] == "0.1.0"


def test_a_release_that_there_is_not_is_an_error(gatewayd: Gatewayd) -> None:
    ran = gatewayd("diff", "--from", "0.0.9")

    assert (ran.code, ran.out) == (1, "")
    assert "--from: no release is called '0.0.9'; allowed are 0.1.0" in ran.err


def test_folders_or_a_release_are_needed_and_not_both(gatewayd: Gatewayd, shop: Path) -> None:
    for arguments in ((), (shop, shop, "--from", "0.1.0")):
        ran = gatewayd("diff", *arguments)
        assert ran.code == 1
        assert "give OLD, a folder, a file or a revision of git, or --from VERSION alone" in ran.err


def test_what_runs_is_compared_with_a_folder(
    gatewayd: Gatewayd, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = translation([shop]).reconciler.snapshots
    told = tuple(published(*each, ResourceChoice()) for each in chosen(snapshots, ResourceChoice()))
    monkeypatch.setattr(client, "fetch_config", lambda _path, _choice: told)
    (tmp_path / "new.yaml").write_text(SHOP.replace("8080", "8081"))

    same = gatewayd("diff", shop, "--live", "--socket", "somewhere", "--exit-code")
    other = gatewayd("diff", tmp_path / "new.yaml", "--live", "--socket", "somewhere", "--fail-on", "drain")

    assert (same.code, same.out) == (0, "nothing changes\n")
    assert other.code == 1
    assert "  ! listener tcp-8080: all connections drain; the listener is removed" in other.out.splitlines()


def test_nothing_runs(gatewayd: Gatewayd, shop: Path, tmp_path: Path) -> None:
    assert gatewayd("diff", shop, "--live", "--socket", tmp_path / "none").code == 3
