"""Today's tree in a cluster that a release has left behind: it reads all of it, and calls everything the same."""

import base64
import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.diff.releases import RELEASES
from gatewayd.identity.certificates import KeyPair, check_pair, gateway_identity
from gatewayd.infra import layout
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.kube.edition import Edition
from gatewayd.kube.fleet_reports import EDITION_KEY, KEY
from gatewayd.untrusted.pem import read_certificates
from tests.compat.written import FOLDER, installed, later_world, run
from tests.fakes.documents import Json
from tests.golden.test_envoy_accepts import validated
from tests.simulation.api_state import Key
from tests.simulation.quiet import differences

VERSIONS = [release.version for release in RELEASES]
SAME = ("selector", "ports", "podSelector")
"""Fields of a spec that may not change: what finds pods, and where they are reached."""


@cache
def written(version: str) -> list[Json]:
    found: list[Json] = json.loads((FOLDER / version / "cluster.json").read_text(encoding="utf-8"))
    return found


def keyed(version: str) -> dict[Key, Json]:
    return {Key(**row["key"]): row["object"] for row in written(version)}


def only(version: str, plural: str, name: str) -> Json:
    [found] = [each for at, each in keyed(version).items() if at.plural == plural and at.name.endswith(name)]
    return found


def decoded(secret: Json, file: str) -> bytes:
    return base64.b64decode(secret["data"][file])


@cache
def today(version: str) -> tuple[dict[Key, Json], list[str], Any]:
    """Return what stands in the cluster when today's tree has been in it, what is wrong, and whom it believes."""

    async def look() -> tuple[dict[Key, Json], list[str], Any]:
        world = await later_world(written(version))
        running = world.replicas[0].running
        assert running is not None
        trusted = running._trust.authority
        wrong = differences(world)
        objects = dict(world.state.objects)
        await world.end()
        return objects, wrong, trusted

    return run(look())


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cluster_of_the_release_ends_as_one_of_today(version: str) -> None:
    objects, wrong, _ = today(version)
    assert wrong == []
    made = {at for at in keyed(version) if not at.name.endswith("-fleet")}
    assert made <= objects.keys()  # nothing is made anew under another name
    workloads = [at for at in objects if at.plural in ("deployments", "daemonsets")]
    assert workloads == [at for at in keyed(version) if at.plural in ("deployments", "daemonsets")]


@pytest.mark.parametrize("version", VERSIONS)
def test_who_finds_pods_finds_them_still(version: str) -> None:
    objects, _, _ = today(version)
    compared = 0
    for at, old in keyed(version).items():
        for field in SAME:
            if at.namespace == "shop" and field in old.get("spec", {}):
                assert objects[at]["spec"][field] == old["spec"][field], f"{at} {field}"
                compared += 1
    assert compared >= 4


@pytest.mark.parametrize("version", VERSIONS)
def test_the_ca_is_kept(version: str) -> None:
    _, _, trusted = today(version)
    assert trusted.signing.certificate == decoded(only(version, "secrets", layout.AUTHORITY_SECRET), "tls.crt")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_certificate_of_a_gateway_is_a_pair_and_names_it_as_today(version: str) -> None:
    secret = only(version, "secrets", "-xds")
    assert isinstance(check_pair(decoded(secret, "tls.crt"), decoded(secret, "tls.key")), KeyPair)
    read = read_certificates(decoded(secret, "tls.crt"))
    assert isinstance(read, tuple)
    uid = only(version, "gateways", "edge")["metadata"]["uid"]
    assert read[0].uris == (gateway_identity(GatewayFleet(namespace="shop", name="edge"), uid),)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_share_is_read(version: str) -> None:
    data = only(version, "configmaps", "-fleet")["data"]
    assert Edition(text=data[EDITION_KEY]).rank
    [(fleet, share)] = json.loads(data[KEY]).items()
    assert fleet == str(ObjectKey("shop", "edge"))
    assert share["acked"].keys() == {"tcp-80"}
    assert len(share["generations"]) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_the_lease_changes_hands(version: str) -> None:
    objects, _, _ = today(version)
    [lease] = [each for at, each in objects.items() if at.plural == "leases"]
    assert only(version, "leases", layout.LEASE)["spec"]["holderIdentity"] == "replica-0"
    assert lease["spec"]["holderIdentity"] == "replica-later"


@pytest.mark.parametrize("version", VERSIONS)
def test_an_installation_of_today_takes_the_place_of_the_release(version: str) -> None:
    old = json.loads((FOLDER / version / "installation.json").read_text(encoding="utf-8"))

    def names(documents: list[Json]) -> set[tuple[str, str]]:
        return {(each["kind"], each["metadata"]["name"]) for each in documents}

    assert names(old) <= names(installed())
    [before], [after] = ([each["spec"] for each in one if each["kind"] == "Deployment"] for one in (old, installed()))
    assert after["selector"] == before["selector"]  # immutable: an apply with another one fails
    [before], [after] = ([each["spec"] for each in one if each["kind"] == "Service"] for one in (old, installed()))
    assert {each["port"] for each in before["ports"]} <= {each["port"] for each in after["ports"]}


@pytest.mark.envoy
@pytest.mark.parametrize("version", VERSIONS)
def test_the_bootstrap_of_the_release_boots_the_envoy_of_today(version: str, tmp_path: Path) -> None:
    """A pod that is started anew during an upgrade may read the old bootstrap."""
    [files] = [
        each["data"] for at, each in keyed(version).items() if at.plural == "configmaps" and at.namespace == "shop"
    ]
    secret = only(version, "secrets", "-xds")
    for file in secret["data"]:
        (tmp_path / file).write_bytes(decoded(secret, file))
    folders = (layout.CERTIFICATES_FOLDER, layout.CONFIG_FOLDER, layout.ADMIN_FOLDER)
    for folder in folders:
        files = {name: text.replace(folder, str(tmp_path)) for name, text in files.items()}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    document = json.loads((tmp_path / layout.BOOTSTRAP_FILE).read_text(encoding="utf-8"))
    document["node"]["id"] = "pod"  # as the container's command line says
    ran: subprocess.CompletedProcess[str] = validated(document, tmp_path)
    assert ran.returncode == 0, ran.stderr + ran.stdout
