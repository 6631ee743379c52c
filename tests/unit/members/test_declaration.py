"""What a Secret declares of a member, and what it does not allow."""

from ipaddress import ip_network

import pytest

from gatewayd.api.meta import ObjectMeta
from gatewayd.ir.members import MemberCluster, Standing, WhenStale
from gatewayd.members.declaration import MemberDeclaration, RefusedDeclaration, declared

GOOD = {"gatewayd.io/namespaces": "shop, payments", "gatewayd.io/pod-cidrs": "10.4.0.0/16,fd00:4::/64"}


def metadata(cluster: str = "west", **more: str) -> ObjectMeta:
    annotations = {**GOOD, **{f"gatewayd.io/{name.replace('_', '-')}": value for name, value in more.items()}}
    return ObjectMeta(name="west", labels={"gatewayd.io/member-cluster": cluster}, annotations=annotations)


def test_what_is_declared() -> None:
    found = declared(metadata(trust_order="10", region="eu-1", when_stale="Demote"))
    assert found == MemberDeclaration(
        cluster="west",
        namespaces=("shop", "payments"),
        networks=(ip_network("10.4.0.0/16"), ip_network("fd00:4::/64")),
        trust=10,
        region="eu-1",
        when_stale=WhenStale.DEMOTE,
    )
    assert found.row(Standing.KEPT) == MemberCluster(
        trust=10, region="eu-1", when_stale=WhenStale.DEMOTE, standing=Standing.KEPT
    )


def test_what_is_not_said_is_the_least() -> None:
    found = declared(metadata())
    assert isinstance(found, MemberDeclaration)
    assert (found.trust, found.region, found.when_stale) == (100, "", WhenStale.KEEP)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"namespaces": ""}, "metadata.annotations[gatewayd.io/namespaces]: is missing, so nothing is allowed"),
        ({"namespaces": "*"}, '"*" is no namespace; a DNS label is allowed, and no pattern'),
        ({"namespaces": "../kube-system"}, '"../kube-system" is no namespace'),
        ({"namespaces": ",".join(f"n{number}" for number in range(40))}, "lists 40; at most 32 are allowed"),
        ({"pod_cidrs": ""}, "metadata.annotations[gatewayd.io/pod-cidrs]: is missing"),
        ({"pod_cidrs": "0.0.0.0/0"}, '"0.0.0.0/0" is every address'),
        ({"pod_cidrs": "::/0"}, '"::/0" is every address'),
        ({"pod_cidrs": "10.4.0.1/16"}, '"10.4.0.1/16" is no network'),
        ({"trust_order": "-1"}, '"-1" is no order'),
        ({"region": "a b"}, '"a b" is no region'),
        ({"when_stale": "Hope"}, '"Hope" is not known; allowed: Keep, Demote, Remove'),
    ],
)
def test_what_is_wrong_is_said(more: dict[str, str], said: str) -> None:
    found = declared(metadata(**more))
    assert isinstance(found, RefusedDeclaration)
    assert said in str(found)


@pytest.mark.parametrize("name", ["", "West", "a/b", "a" * 64])
def test_a_name_of_a_cluster(name: str) -> None:
    found = declared(metadata(name))
    assert isinstance(found, RefusedDeclaration)
    assert "is no name of a cluster; allowed: a DNS label" in str(found)


def test_whose_an_address_is() -> None:
    found = declared(metadata())
    assert isinstance(found, MemberDeclaration)
    assert found.problem_of("10.4.255.1") == ""
    assert found.problem_of("fd00:4::9") == ""
    assert found.problem_of("10.5.0.1") == "is not in the pod CIDRs of the member (10.4.0.0/16, fd00:4::/64)"
    assert found.problem_of("::ffff:10.4.0.1").startswith("is not in")
    assert found.problem_of("a.example") == "is no IP address"
