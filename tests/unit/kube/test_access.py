import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gatewayd.identity.certificates import make_ca
from gatewayd.kube.access import AccessError, pod_access


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """Return a service account's folder."""
    (tmp_path / "ca.crt").write_bytes(make_ca(datetime.now(UTC)).certificate)
    (tmp_path / "token").write_text("first\n")
    return tmp_path


async def test_a_pod_shows_its_token_and_believes_its_clusters_authority(account: Path) -> None:
    access = pod_access("10.0.0.1:443", account)
    assert access.url == "https://10.0.0.1:443"
    assert await access.authorization() == "Bearer first"
    assert len(access.tls.get_ca_certs()) == 1


async def test_a_token_that_is_replaced_is_followed(account: Path) -> None:
    access = pod_access("10.0.0.1:443", account)
    (account / "token").write_text("second")
    assert await access.authorization() == "Bearer second"


@pytest.mark.parametrize("missing", ["ca.crt", "token"])
def test_without_a_service_account_there_is_no_access(account: Path, missing: str) -> None:
    (account / missing).unlink()
    with pytest.raises(AccessError, match=r"^the service account is not readable"):
        pod_access("10.0.0.1:443", account)


def test_outside_of_a_cluster_there_is_no_access(account: Path) -> None:
    with pytest.raises(AccessError, match="no pod"):
        pod_access(None, account)


def test_a_pod_does_not_load_what_reads_kubeconfigs() -> None:
    script = (
        "import sys, gatewayd.run.replica\nprint(sorted({'kubernetes_asyncio', 'six', 'dateutil'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ran.stdout == "[]\n"
