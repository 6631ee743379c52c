import asyncio
import json
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatewayd.identity.certificates import make_ca
from gatewayd.kube.access import AccessError
from gatewayd.kube.client import connected
from gatewayd.kube.kubeconfig import kubeconfig_access, user_context
from tests.fakes.api_server import ApiServer, Cluster, Reply

PATH = "/api/v1/configmaps"


def kubeconfig(folder: Path, cluster: dict[str, object], user: dict[str, object]) -> Path:
    file = folder / "config"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    file.write_text(json.dumps(document))
    return file


async def test_a_kubeconfig_is_followed(cluster: Cluster, server: ApiServer, tmp_path: Path) -> None:
    server.script("GET", PATH, Reply())
    file = kubeconfig(tmp_path, {"server": cluster.url}, {"token": "from-a-file"})
    async with asyncio.timeout(60), connected(file) as client:
        await client.request("GET", PATH)
    assert server.requests[0].headers["authorization"] == "Bearer from-a-file"


async def test_what_a_kubeconfig_says_of_tls(tmp_path: Path) -> None:
    server = {"server": "https://192.0.2.1:6443/", "tls-server-name": "kubernetes", "insecure-skip-tls-verify": True}
    access = await kubeconfig_access(kubeconfig(tmp_path, dict(server), {}))
    assert (access.url, access.server_name) == ("https://192.0.2.1:6443", "kubernetes")
    assert access.tls.verify_mode is ssl.CERT_NONE
    assert await access.authorization() == ""


async def test_the_authorities_of_a_kubeconfig_are_believed_and_no_others(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(make_ca(datetime.now(UTC)).certificate)
    server = {"server": "https://192.0.2.1:6443", "certificate-authority": str(authority)}
    access = await kubeconfig_access(kubeconfig(tmp_path, dict(server), {}))
    assert access.tls.verify_mode is ssl.CERT_REQUIRED
    assert len(access.tls.get_ca_certs()) == 1


async def test_a_context_is_named_or_the_current_one(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, {"server": "https://192.0.2.1:6443"}, {})
    document = json.loads(file.read_text())
    document["contexts"] += [
        {"name": name, "context": {"cluster": "c", "user": "u", "namespace": "team"}} for name in ("zz", "aa")
    ]
    file.write_text(json.dumps(document))
    current, named = await user_context(file, ""), await user_context(file, "zz")
    assert [(each.name, each.namespace) for each in (current, named)] == [("x", "default"), ("zz", "team")]
    with pytest.raises(AccessError, match=r"^--context none: there is no such context; there are: aa, x, zz$"):
        await user_context(file, "none")


async def test_a_kubeconfig_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match="none"):
        await kubeconfig_access(tmp_path / "none")
