import pytest

from gatewayd.ir.http import Redirect
from gatewayd.translator.proxies.https_redirects import SecuredHost, hosts_to_https, sent_to_https
from gatewayd.translator.rules.route_kinds import rules
from tests.unit.translator.ingress_manifests import annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import member, scratch

WEB = member("Ingress", "shop/web")
LISTENERS = "listeners: [{name: http, port: 80, protocol: HTTP}]"
SECURED = LISTENERS.replace("}]", "}, {name: tls, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: x}]}}]")
OF_HOST = paths("Prefix /", "Prefix /.well-known/acme-challenge/x")
RULES = f"rules: [{{host: a.example, {OF_HOST}}}, {{{paths('Prefix /')}}}]"
READ = annotated_class().replace(LISTENERS, SECURED)
TLS = "tls: [{hosts: ['*.example'], secretName: a}]"


def hosts(spec: str = f"{RULES}, {TLS}", *, served: str = READ, **notes: str) -> object:
    return hosts_to_https(scratch(served, ingress(spec, meta=noted(**notes))), WEB)


FORCED = {"ssl_redirect": "false", "force_ssl_redirect": "true"}
A_HOST = (SecuredHost("a.example", 443),)


@pytest.mark.parametrize(
    ("notes", "found"),
    [
        ({}, A_HOST),
        ({"ssl_redirect": "false"}, ()),
        (FORCED, A_HOST),
        ({"canary": "true"}, ()),
    ],
)
def test_hosts_with_a_certificate(notes: dict[str, str], found: object) -> None:
    assert hosts(**notes) == found


def test_without_a_certificate_only_where_it_is_forced_and_somebody_answers() -> None:
    assert hosts(RULES) == ()
    assert hosts(RULES, force_ssl_redirect="true") == A_HOST
    assert hosts(RULES, served=annotated_class(), force_ssl_redirect="true") == ()


def test_other_classes_do_not_redirect() -> None:
    assert hosts(served=READ.replace("gatewayd.io/nginx-annotations", "x/y")) == ()


def test_nothing_is_asked_before_a_redirect() -> None:
    notes = noted(enable_cors="true")
    view = scratch(READ, ingress(f"{RULES}, {TLS}", meta=notes))
    sent = sent_to_https(view, WEB, rules(view, WEB).routes)
    assert [bool(each.route.filters) for each in sent] == [False, True, True]


def test_routes_become_redirects_but_for_challenges_and_other_hosts() -> None:
    view = scratch(annotated_class().replace(LISTENERS, SECURED.replace("443", "8443")), ingress(f"{RULES}, {TLS}"))
    sent = sent_to_https(view, WEB, rules(view, WEB).routes)
    to = [each.route.action if isinstance(each.route.action, Redirect) else None for each in sent]
    assert to == [Redirect(scheme="https", host=None, port=8443, path=None, status=308), None, None]
