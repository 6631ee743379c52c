import pytest

from gatewayd.ir.http import FullPath, PrefixPath, PrefixReplacement
from gatewayd.xds.redirect import depends_on_domain, port_in_place_of_the_requests, redirect_action
from tests.unit.xds.shorthand import ROOT, redirect

DOMAIN = "shop.example"


def test_parts() -> None:
    action = redirect_action(redirect(scheme="https", host="other.example", port=8443), ROOT, DOMAIN)
    assert (action.scheme_redirect, action.host_redirect, action.port_redirect) == ("https", "other.example", 8443)
    assert action.WhichOneof("path_rewrite_specifier") is None


@pytest.mark.parametrize(("status", "name"), [(301, 0), (302, 1), (303, 2), (307, 3), (308, 4)])
def test_status(status: int, name: int) -> None:
    assert redirect_action(redirect(status=status), ROOT, DOMAIN).response_code == name


def test_another_status_is_a_bug() -> None:
    with pytest.raises(KeyError):
        redirect_action(redirect(status=304), ROOT, DOMAIN)


def test_paths() -> None:
    full = redirect_action(redirect(path=FullPath(value="/a\\b%c%")), ROOT, DOMAIN)
    assert full.path_redirect == "/a\\b%c%"
    prefix = redirect_action(redirect(path=PrefixReplacement(value="/new")), PrefixPath(value="/old"), DOMAIN)
    assert prefix.prefix_rewrite == "/new"


def test_the_requests_port_is_dropped_where_the_host_is_known() -> None:
    assert redirect_action(redirect(scheme="https"), ROOT, DOMAIN).host_redirect == DOMAIN
    assert redirect_action(redirect(scheme="https"), ROOT, "*.example").host_redirect == ""
    # With a port, Envoy replaces the request's.
    assert redirect_action(redirect(port=8080), ROOT, DOMAIN).host_redirect == ""


@pytest.mark.parametrize("domain", ["*.example", "*"])
def test_the_requests_port_is_replaced_where_the_host_is_not_known(domain: str) -> None:
    assert port_in_place_of_the_requests(redirect(scheme="https"), domain) == 443
    assert port_in_place_of_the_requests(redirect(scheme="http"), domain) == 80
    # The port that the client came by is the listener's, as far as anybody knows.
    assert port_in_place_of_the_requests(redirect(), domain) is None
    # Envoy drops it by itself.
    assert port_in_place_of_the_requests(redirect(scheme="https", port=8443), domain) is None
    assert port_in_place_of_the_requests(redirect(scheme="https", host="a.example"), domain) is None


def test_the_requests_port_needs_no_replacement_where_the_host_is_known() -> None:
    assert port_in_place_of_the_requests(redirect(scheme="https"), DOMAIN) is None


def test_what_depends_on_the_domain() -> None:
    assert depends_on_domain(redirect(scheme="https"))
    assert not depends_on_domain(redirect(host="a.example"))
    assert not depends_on_domain(redirect(port=8080))
