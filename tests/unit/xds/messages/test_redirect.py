import pytest

from gatewayd.ir.http import FullPath, PrefixPath, PrefixReplacement
from gatewayd.xds.messages.redirect import depends_on_domain, keeps_unknown_host, redirect_action
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
    full = redirect_action(redirect(path=FullPath(value="/a%5Cb")), ROOT, DOMAIN)
    # A path_redirect would leave the request's own path as it is: `portless_fields`.
    assert (full.regex_rewrite.pattern.regex, full.regex_rewrite.substitution) == ("^/.*$", "/a%5Cb")
    prefix = redirect_action(redirect(path=PrefixReplacement(value="/new")), PrefixPath(value="/old"), DOMAIN)
    assert prefix.prefix_rewrite == "/new"


def test_the_requests_port_is_dropped_where_the_host_is_known() -> None:
    assert redirect_action(redirect(scheme="https"), ROOT, DOMAIN).host_redirect == DOMAIN
    assert redirect_action(redirect(scheme="https"), ROOT, "*.example").host_redirect == ""
    # With a port, Envoy replaces the request's.
    assert redirect_action(redirect(port=8080), ROOT, DOMAIN).host_redirect == ""


@pytest.mark.parametrize("domain", ["*.example", "*"])
def test_where_the_host_is_not_known_it_is_kept_without_its_port(domain: str) -> None:
    for kept in (redirect(scheme="https"), redirect(scheme="http"), redirect(), redirect(path=FullPath(value="/a"))):
        assert keeps_unknown_host(kept, domain)
        assert not keeps_unknown_host(kept, DOMAIN)
    # Envoy drops the request's port by itself.
    assert not keeps_unknown_host(redirect(scheme="https", port=8443), domain)
    assert not keeps_unknown_host(redirect(scheme="https", host="a.example"), domain)


def test_what_depends_on_the_domain() -> None:
    assert depends_on_domain(redirect(scheme="https"))
    assert not depends_on_domain(redirect(host="a.example"))
    assert not depends_on_domain(redirect(port=8080))
