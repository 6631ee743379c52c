from gatewayd.convert.fates import Fidelity
from tests.unit.convert.ingresses import converted, fates, ingress, message, objects, rules

LOST, EXACT, NEARLY, MANUAL = Fidelity.LOST, Fidelity.EXACT, Fidelity.APPROXIMATE, Fidelity.MANUAL


def sections(**annotations: str) -> object:
    """Return the sections of the AccessPolicy that annotations lead to."""
    return objects(converted(ingress(**annotations)), "AccessPolicy")["shop/shop"]["spec"]["default"]


def is_closed(**annotations: str) -> bool:
    """Return whether paths answer 403."""
    written = objects(converted(ingress(**annotations)), "RouteFilter")
    return [each["spec"] for each in written.values()] == [{"directResponse": {"status": 403}}]


def test_addresses() -> None:
    assert sections(whitelist_source_range="10.0.0.0/8,::1", denylist_source_range="10.0.0.1") == {
        "clients": {"allow": [{"cidr": "10.0.0.0/8"}, {"cidr": "::1"}], "deny": [{"cidr": "10.0.0.1"}]}
    }


def test_the_newer_name_of_a_list_counts() -> None:
    assert sections(whitelist_source_range="10.0.0.0/8", allowlist_source_range="10.1.0.0/16") == {
        "clients": {"allow": [{"cidr": "10.1.0.0/16"}]}
    }


def test_a_list_that_cannot_be_read_closes() -> None:
    assert is_closed(whitelist_source_range="10.0.0.0/8, office")
    done = converted(ingress(whitelist_source_range="10.0.0.0/8, office"))
    assert message(done, "whitelist-source-range").startswith("office is no address range")
    assert is_closed(denylist_source_range=",".join(f"10.0.{at}.0/24" for at in range(256)) + ",10.1.0.0/16")


def test_a_password() -> None:
    done = converted(ingress(auth_type="basic", auth_secret="users", auth_realm="staff"))
    assert objects(done, "AccessPolicy")["shop/shop"]["spec"]["default"] == {"basic": {"secretRef": {"name": "users"}}}
    assert fates(done) == {"auth-type": EXACT, "auth-secret": MANUAL, "auth-realm": NEARLY}


def test_a_password_of_another_namespace_needs_a_grant() -> None:
    done = converted(ingress(auth_type="basic", auth_secret="infra/users"))
    ref = {"name": "users", "namespace": "infra"}
    assert objects(done, "AccessPolicy")["shop/shop"]["spec"]["default"]["basic"]["secretRef"] == ref
    assert objects(done, "ReferenceGrant")["infra/shop-asks-users"]["spec"] == {
        "from": [{"group": "gatewayd.io", "kind": "AccessPolicy", "namespace": "shop"}],
        "to": [{"group": "", "kind": "Secret", "name": "users"}],
    }


def test_another_way_to_log_in_closes() -> None:
    assert is_closed(auth_type="digest", auth_secret="users")
    assert is_closed(auth_type="basic")


def test_a_secret_without_a_type_has_no_effect() -> None:
    assert fates(converted(ingress(auth_secret="users"))) == {"auth-secret": EXACT}


def test_a_server_is_asked() -> None:
    done = converted(
        ingress(
            auth_url="http://auth.infra.svc.cluster.local:8080/check",
            auth_response_headers="X-User, X-Groups",
            auth_method="GET",
        )
    )
    section = objects(done, "AccessPolicy")["shop/shop"]["spec"]["default"]["externalAuth"]
    assert section["backendRef"] == {"name": "auth", "namespace": "infra", "port": 8080}
    assert section["http"]["path"] == "/check"
    assert "cookie" in section["http"]["allowedHeaders"]
    assert section["http"]["allowedResponseHeaders"] == ["X-User", "X-Groups"]
    assert list(objects(done, "ReferenceGrant")) == ["infra/shop-asks-auth"]
    assert fates(done) == {"auth-url": NEARLY, "auth-response-headers": EXACT, "auth-method": NEARLY}
    assert "/check/<path of the request>" in message(done, "auth-url")


def test_a_server_of_the_own_namespace_needs_no_grant() -> None:
    done = converted(ingress(auth_url="http://auth/check"))
    section = objects(done, "AccessPolicy")["shop/shop"]["spec"]["default"]["externalAuth"]
    assert section["backendRef"] == {"name": "auth", "port": 80}
    assert objects(done, "ReferenceGrant") == {}


def test_a_server_elsewhere_closes() -> None:
    assert is_closed(auth_url="https://login.example/check")
    assert is_closed(auth_url="http://auth.infra.svc/$request_uri")
    assert is_closed(auth_url="http://auth.infra.svc/check", auth_snippet="proxy_set_header A b;")


def test_what_is_closed_opens_where_that_is_asked_for() -> None:
    done = converted(ingress(auth_url="https://login.example/check"), open_all=True)
    assert rules(done)["root"]["backendRefs"] == [{"name": "web", "port": 80}]
    assert done.is_lossy


def test_where_to_log_in_is_lost_and_closes_nothing() -> None:
    done = converted(ingress(auth_url="http://auth/check", auth_signin="https://login.example"))
    assert fates(done)["auth-signin"] is LOST
    assert objects(done, "RouteFilter") == {}


def test_either_becomes_both() -> None:
    assert fates(converted(ingress(satisfy="any")))["satisfy"] is NEARLY
    assert fates(converted(ingress(satisfy="all")))["satisfy"] is EXACT


def test_what_goes_with_a_url_that_is_not_there_had_no_effect() -> None:
    assert fates(converted(ingress(auth_method="POST"))) == {"auth-method": EXACT}


def test_a_range_may_be_written_by_any_of_its_addresses() -> None:
    assert sections(whitelist_source_range="10.1.2.3/8, 2001:DB8::1/32, 192.168.1.7") == {
        "clients": {"allow": [{"cidr": "10.0.0.0/8"}, {"cidr": "2001:db8::/32"}, {"cidr": "192.168.1.7"}]}
    }
