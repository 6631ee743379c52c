"""What nginx does for a whole host protects the paths of all Ingresses there, and is lost for all of them."""

import pytest

from gatewayd.manifests.documents import parse_file
from tests.unit.convert.ingresses import converted, ingress, objects
from tests.unit.convert.test_verification import verified

CERTIFICATE = {"auth_tls_secret": "shop/ca"}
CLOSED = {"directResponse": {"status": 403}}


def closed(*texts: str, open_all: bool = False) -> set[str]:
    """Return the names of the RouteFilters that answer 403."""
    found = objects(converted(*texts, open_all=open_all), "RouteFilter")
    return {name.partition("/")[2] for name, each in found.items() if each["spec"] == CLOSED}


@pytest.mark.parametrize(
    "annotation", ["auth_tls_secret", "auth_tls_verify_client", "auth_tls_match_cn", "server_snippet"]
)
def test_it_closes_the_paths_of_other_ingresses_of_the_host(annotation: str) -> None:
    protected = ingress("guard", "/guard", **{annotation: "deny all;"})
    assert closed(protected, ingress("other", "/other")) == {"guard-guard", "other-other"}
    assert closed(protected, ingress("other", "/other", namespace="pay")) == {"guard-guard", "other-other"}
    assert closed(protected, ingress("other", "/other", host="else.example")) == {"guard-guard"}


def test_so_it_does_where_its_own_path_is_another_ones() -> None:
    first = ingress("first", "/a", created="2026-01-01T00:00:00Z")
    assert closed(first, ingress("guard", "/a", created="2026-01-02T00:00:00Z", **CERTIFICATE)) == {"first-a"}


def test_further_names_of_the_host_are_closed_too() -> None:
    done = converted(ingress("guard", "/guard", **CERTIFICATE), ingress("other", "/other", server_alias="b.example"))
    hosts = [each["spec"]["hostnames"] for each in objects(done, "HTTPRoute").values()]
    assert all("b.example" in each for each in hosts)
    assert len(objects(done, "RouteFilter")) == 2


def test_it_is_said_whose_protection_is_lost() -> None:
    done = converted(ingress("guard", "/guard", **CERTIFICATE), ingress("other", "/other"))
    [text] = [each.message for each in done.items if each.object == "Ingress shop/other"]
    assert text == (
        "answers 403, since Ingress shop/guard: metadata.annotations"
        '["nginx.ingress.kubernetes.io/auth-tls-secret"] cannot be had; --allow-unprotected opens it'
    )


def test_what_protects_a_path_alone_closes_no_other_one() -> None:
    assert closed(ingress("guard", "/guard", enable_modsecurity="true"), ingress("other", "/other")) == {"guard-guard"}


def test_it_is_open_where_that_is_asked_for() -> None:
    assert closed(ingress("guard", **CERTIFICATE), ingress("other", "/other"), open_all=True) == set()


def test_what_is_lost_is_compared_with_nothing() -> None:
    both = (ingress("guard", "/guard", **CERTIFICATE), ingress("other", "/other"))
    documents = parse_file("a.yaml", "\n---\n".join(both).encode()).documents
    assert verified(documents, converted(*both).objects).differences == ()
