"""What a hostile member tries is what it is called: kubeconfigs that would do harm are refused."""

import pytest
import yaml

from conformance.scenarios.hostile_member import HostileMember, attempts, bad_kubeconfigs
from gatewayd.members.credentials import Credentials, RefusedCredentials, credentials
from tests.unit.kube.member_rig import CA

GOOD = HostileMember(authority=CA).access("token")


def test_the_one_that_leads_there_is_good() -> None:
    assert isinstance(credentials(yaml.safe_dump(GOOD).encode()), Credentials)


@pytest.mark.parametrize("what", bad_kubeconfigs(GOOD))
def test_the_others_are_refused(what: str) -> None:
    document = bad_kubeconfigs(GOOD)[what]
    assert isinstance(credentials(yaml.safe_dump(document).encode()), RefusedCredentials)


def test_there_is_one_for_each_row() -> None:
    assert len(attempts("store", ["10.4.0.1"], "https://m.example")) == 13
