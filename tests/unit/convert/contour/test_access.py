from typing import Any

from gatewayd.convert.fates import Fidelity
from tests.unit.convert.http_proxies import at, contour, root
from tests.unit.convert.ingresses import converted, fates, objects

PROVIDER = {
    "name": "idp",
    "issuer": "https://idp.test",
    "remoteJWKS": {"uri": "https://idp.test/keys", "timeout": "1s"},
}
EXTENSION = contour("ExtensionService", "auth", {"services": [{"name": "authz", "port": 9000}]}, "infra", "v1alpha1")
ASKED = {"extensionRef": {"name": "auth", "namespace": "infra"}, "failOpen": True}


def sections(*texts: str) -> list[Any]:
    return [each["spec"]["default"] for each in objects(converted(*texts), "AccessPolicy").values()]


def test_addresses_of_a_route_count_in_place_of_those_of_its_host() -> None:
    own = {"ipAllowPolicy": [{"source": "Remote", "cidr": "10.0.0.0/8"}]}
    done = sections(
        root(at(None, {"exact": "/a"}, **own), at(), host={"ipDenyPolicy": [{"source": "Peer", "cidr": "1.2.3.4"}]})
    )
    assert done == [
        {"clients": {"allow": [{"cidr": "10.0.0.0/8", "source": "Client"}]}},
        {"clients": {"deny": [{"cidr": "1.2.3.4", "source": "Peer"}]}},
    ]


def test_tokens() -> None:
    host = {"jwtProviders": [{**PROVIDER, "default": True}, {**PROVIDER, "name": "other", "audiences": ["a"]}]}
    off, other = {"disabled": True}, {"require": "other"}
    done = sections(
        root(
            at(None, {"exact": "/off"}, jwtVerificationPolicy=off),
            at(None, {"exact": "/other"}, jwtVerificationPolicy=other),
            at(),
            host=host,
        )
    )
    keys = {"keys": {"uri": "https://idp.test/keys"}}
    assert [each["jwt"]["providers"] for each in done] == [
        [{"name": "other", "issuer": "https://idp.test", "audiences": ["a"], **keys}],
        [{"name": "idp", "issuer": "https://idp.test", **keys}],
    ]


def test_tokens_that_cannot_be_checked_close() -> None:
    nobody = converted(root(at(jwtVerificationPolicy={"require": "none"})))
    unissued = converted(root(host={"jwtProviders": [{**PROVIDER, "issuer": "", "default": True}]}))
    for done in (nobody, unissued):
        assert [each["spec"] for each in objects(done, "RouteFilter").values()] == [{"directResponse": {"status": 403}}]


def test_a_server_that_is_asked() -> None:
    done = converted(root(host={"authorization": ASKED}), EXTENSION)
    [policy] = objects(done, "AccessPolicy").values()
    assert policy["spec"]["default"]["externalAuth"] == {
        "protocol": "GRPC",
        "backendRef": {"name": "authz", "namespace": "infra", "port": 9000},
        "failOpen": True,
    }
    assert objects(done, "ReferenceGrant")["infra/shop-asks-authz"]["spec"]["from"][0]["kind"] == "AccessPolicy"


def test_a_route_that_asks_nobody() -> None:
    texts = root(at(authPolicy={"disabled": True}), host={"authorization": ASKED}), EXTENSION
    assert sections(*texts) == []


def test_a_server_that_is_not_known_closes() -> None:
    done = converted(root(host={"authorization": ASKED}))
    assert fates(done)["spec.virtualhost.authorization.extensionRef"] is Fidelity.LOST
    assert len(objects(done, "RouteFilter")) == 1


def test_what_the_server_would_not_be_told_closes() -> None:
    done = converted(root(at(authPolicy={"context": {"a": "b"}}), host={"authorization": ASKED}), EXTENSION)
    assert fates(done)["spec.routes[0].authPolicy.context"] is Fidelity.LOST
    assert len(objects(done, "RouteFilter")) == 1


def test_issuers_of_which_none_is_usual_are_asked_for_by_routes_alone() -> None:
    done = converted(root(at(), host={"jwtProviders": [PROVIDER]}))
    assert objects(done, "AccessPolicy") == objects(done, "RouteFilter") == {}
    assert [path for path in fates(done) if path.endswith("require")] == []


def test_a_range_may_be_written_by_any_of_its_addresses() -> None:
    done = sections(root(at(ipAllowPolicy=[{"source": "Peer", "cidr": "10.1.2.3/8"}])))
    assert done == [{"clients": {"allow": [{"cidr": "10.0.0.0/8", "source": "Peer"}]}}]
