import pytest

from gatewayd.ir.backend import InvalidBackend, Protocol, ServiceBackend
from gatewayd.ir.filters import Cors, RequestHeaders
from gatewayd.ir.http import (
    APP_ROOT,
    CANNOT,
    ExactPath,
    Forward,
    FullPath,
    PrefixPath,
    Redirect,
    RegexPath,
    RegexReplacement,
)
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import RuleSet
from tests.unit.translator.ingress_manifests import CART_PORT, SERVED, annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import member, scratch

WEB = member("Ingress", "shop/web")


def ruled(*entries: str, more: tuple[str, ...] = (), **notes: str) -> RuleSet:
    spec = f"rules: [{{host: a.example, {paths(*entries)}}}]"
    return rules(scratch(annotated_class(), ingress(spec, meta=noted(**notes)), *more), WEB)


def forward(found: RuleSet, at: int = 0) -> Forward:
    action = found.routes[at].route.action
    assert isinstance(action, Forward)
    return action


def test_plain_paths_stay_plain() -> None:
    found = ruled("Prefix /a/", "Exact /b", "ImplementationSpecific /c", colour="blue")
    assert [each.route.match.path for each in found.routes] == [
        PrefixPath(value="/a"),
        ExactPath(value="/b"),
        PrefixPath(value="/c"),
    ]
    assert found.partial is None


def test_expressions_are_ranked_by_what_was_written() -> None:
    found = ruled("Prefix /", "Exact /longer", use_regex="true")
    assert [each.route.match.path for each in found.routes] == [
        RegexPath(pattern="(?i)/.*"),
        RegexPath(pattern="(?i)/longer.*"),
    ]
    assert [each.rank[:2] for each in found.routes] == [(1, 1), (1, 7)]


def test_an_expression_of_another_ingress_of_the_host_counts() -> None:
    other = ingress(f"rules: [{{host: a.example, {paths('Prefix /x')}}}]", name="other", meta=noted(use_regex="true"))
    assert ruled("Prefix /a", more=(other,)).routes[0].route.match.path == RegexPath(pattern="(?i)/a.*")
    elsewhere = other.replace("a.example", "b.example")
    assert ruled("Prefix /a", more=(elsewhere,)).routes[0].route.match.path == PrefixPath(value="/a")


def test_rewrites() -> None:
    groups = forward(ruled("ImplementationSpecific /a(/|$)(.*)", rewrite_target="/$2", upstream_vhost="in.example"))
    assert groups.rewrite.path == RegexReplacement(pattern="^(?i)/a(/|$)(.*).*$", value=r"/\2")
    assert groups.rewrite.host == "in.example"
    assert forward(ruled("Prefix /a", rewrite_target="/x")).rewrite.path == FullPath(value="/x")
    assert forward(ruled("Prefix /a", upstream_vhost="in.example")).rewrite.host == "in.example"


@pytest.mark.parametrize(
    ("entry", "notes", "why"),
    [
        ("Prefix /a", {"rewrite_target": "http://x/"}, "a redirect to another address by expression; it answers 500"),
        ("ImplementationSpecific /(?!a)", {"use_regex": "true"}, "is no expression of RE2"),
    ],
)
def test_a_path_that_cannot_be_had_answers_500_and_is_told(entry: str, notes: dict[str, str], why: str) -> None:
    found = ruled(entry, **notes)
    assert [each.route.action for each in found.routes] == [CANNOT]
    assert found.refusal is None
    assert found.partial is not None
    assert why in found.partial.message


@pytest.mark.parametrize("notes", [{"auth_tls_secret": "x"}, {"configuration_snippet": "deny all;"}])
def test_a_lost_protection_closes_all_paths(notes: dict[str, str]) -> None:
    """One of the whole host, and one of the paths of this Ingress alone."""
    found = ruled("Prefix /a", "Prefix /b", **notes, app_root="/c")
    assert [each.route.action for each in found.routes] == [CANNOT, CANNOT]


OTHER = f"rules: [{{host: a.example, {paths('Prefix /x')}}}]"
PROTECTED = ingress(OTHER, name="other", meta=noted(server_snippet="deny all;"))


def test_a_lost_protection_of_a_host_closes_all_paths_of_it() -> None:
    found = ruled("Prefix /a", more=(PROTECTED,))
    assert [each.route.action for each in found.routes] == [CANNOT]
    assert found.partial is not None
    told = 'spec.rules: Ingress "shop/other" has lost a protection of all paths of a.example; they answer 500'
    assert told in found.partial.message
    assert forward(ruled("Prefix /a", more=(PROTECTED.replace("a.example", "b.example"),)))


@pytest.mark.parametrize(("created", "counts"), [("2020-01-01T00:00:00Z", True), ("2024-01-01T00:00:00Z", False)])
def test_an_ingress_of_another_namespace_counts_where_it_was_there_first(created: str, *, counts: bool) -> None:
    spec = f"rules: [{{host: a.example, {paths('Prefix /a')}}}]"
    other = noted(use_regex="true") + f", creationTimestamp: '{created}'"
    own = noted(colour="blue") + ", creationTimestamp: '2022-01-01T00:00:00Z'"
    view = scratch(annotated_class(), ingress(spec, meta=own), ingress(OTHER, namespace="else", meta=other))
    [ranked] = rules(view, WEB).routes
    assert isinstance(ranked.route.match.path, RegexPath) == counts


def test_sections_that_cannot_be_read_close_too() -> None:
    too_many = ",".join(f"10.{at // 256}.{at % 256}.0/24" for at in range(300))
    assert [each.route.action for each in ruled("Prefix /", whitelist_source_range=too_many).routes] == [CANNOT]


def test_filters_and_sessions() -> None:
    notes = {"x_forwarded_prefix": "/x", "rewrite_target": "/y"}
    found = ruled("Prefix /", enable_cors="true", affinity="cookie", session_cookie_name="s", **notes)
    assert [type(each) for each in found.routes[0].route.filters] == [Cors, RequestHeaders]
    kept = ruled("Prefix /", "Prefix /y", enable_cors="true", **notes)
    assert [[type(each) for each in one.route.filters] for one in kept.routes] == [[Cors, RequestHeaders], [Cors]]
    session = forward(found).persistence
    assert session is not None
    assert session.name == "s"


def test_a_copy_that_leads_nowhere_is_told() -> None:
    found = ruled("Prefix /", mirror_target="http://nobody.shop.svc$request_uri")
    assert found.unresolved is not None
    assert 'Service "shop/nobody" does not exist' in found.unresolved.message


def test_redirects_in_the_place_of_backends() -> None:
    [ranked] = ruled("Prefix /", temporal_redirect="https://b.example/x").routes
    assert ranked.route.action == Redirect(
        scheme="https", host="b.example", port=None, path=FullPath(value="/x"), status=302
    )
    assert [each.route.action for each in ruled("Prefix /", permanent_redirect="$x").routes] == [CANNOT]


def test_the_root_of_an_application() -> None:
    found = ruled("Prefix /", app_root="/app")
    root = found.routes[-1].route
    assert (root.source.rule, root.match.path) == (APP_ROOT, ExactPath(value="/"))
    assert root.source.field == 'metadata.annotations["nginx.ingress.kubernetes.io/app-root"]'
    assert root.action == Redirect(scheme=None, host=None, port=None, path=FullPath(value="/app"), status=302)


def test_what_backends_speak() -> None:
    grpc = forward(ruled("Prefix /", backend_protocol="GRPC")).backends[0].backend
    assert isinstance(grpc, ServiceBackend)
    assert grpc.upstream.protocol is Protocol.HTTP2
    secured = ruled("Prefix /", backend_protocol="HTTPS")
    assert [each.route.action for each in secured.routes] == [CANNOT]
    assert secured.partial is not None
    assert 'no BackendTLSPolicy says how Service "shop/cart" is spoken to' in secured.partial.message


def test_default_backends_and_broken_ones() -> None:
    spec = f"rules: [{{host: a.example}}], defaultBackend: {CART_PORT.replace('cart', 'nobody')}"
    found = rules(scratch(annotated_class(), ingress(spec, meta=noted(use_regex="true"))), WEB)
    assert isinstance(forward(found).backends[0].backend, InvalidBackend)
    assert found.unresolved is not None
    assert found.unresolved.message.startswith("spec.defaultBackend: ")


def test_a_canary_has_no_routes() -> None:
    assert ruled("Prefix /", canary="true").routes == ()


def a_canary(*entries: str, name: str = "new", namespace: str = "shop", host: str = "a.example", **notes: str) -> str:
    spec = f"rules: [{{host: {host}, {paths(*entries).replace('cart', name)}}}]"
    made = ingress(spec, name=name, meta=noted(canary="true", **notes))
    return made.replace("namespace: shop", f"namespace: {namespace}")


def shares(found: RuleSet, at: int = 0) -> list[tuple[bool, int]]:
    """Return whether each backend is one that there is, which that of a canary is not here, and its weight."""
    return [(isinstance(each.backend, ServiceBackend), each.weight) for each in forward(found, at).backends]


def test_a_canary_has_a_part_of_the_requests_of_the_paths_that_it_shares() -> None:
    found = ruled("Prefix /", "Prefix /b", more=(a_canary("Prefix /", canary_weight="30"),))
    assert [shares(found, at) for at in range(2)] == [[(True, 70), (False, 30)], [(True, 1)]]
    whole = ruled("Prefix /", more=(a_canary("Prefix /", canary_weight="5", canary_weight_total="1000"),))
    assert shares(whole) == [(True, 995), (False, 5)]


def test_who_has_the_header_or_the_cookie_gets_the_canary_first() -> None:
    found = ruled("Prefix /", more=(a_canary("Prefix /", canary_by_header="env", canary_by_cookie="to"),))
    names = [[each.name for each in ranked.route.match.headers] for ranked in found.routes]
    assert names == [["env"], ["env"], ["cookie"], ["cookie"], []]
    assert [shares(found, at) for at in range(5)] == [
        [(False, 1)],
        [(True, 1)],
        [(False, 1)],
        [(True, 1)],
        [(True, 1)],
    ]
    ranks = [each.rank for each in found.routes]
    assert [each[-1] for each in ranks] == [5, 4, 3, 2, 0]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize(
    "other",
    [
        a_canary("Exact /", canary_weight="30"),
        a_canary("Prefix /x", canary_weight="30"),
        a_canary("Prefix /", canary_weight="30", host="b.example"),
        a_canary("Prefix /", canary_weight="30", namespace="team"),
    ],
)
def test_another_path_host_or_namespace_gets_nothing(other: str) -> None:
    assert shares(ruled("Prefix /", more=(other,))) == [(True, 1)]


def test_of_two_canaries_the_older_counts() -> None:
    young = a_canary("Prefix /", name="zzz", canary_weight="50")
    old = a_canary("Prefix /", name="new", canary_weight="30")
    assert shares(ruled("Prefix /", more=(young, old))) == [(True, 70), (False, 30)]


def test_expressions_have_canaries_too() -> None:
    found = ruled("Prefix /a", use_regex="true", more=(a_canary("Prefix /a", canary_by_header="env"),))
    assert [each.route.match.path for each in found.routes] == [RegexPath(pattern="(?i)/a.*")] * 3


def test_a_wildcard_stands_for_one_label() -> None:
    spec = f"rules: [{{host: '*.a.example', {paths('Prefix /')}}}]"
    [ranked] = rules(scratch(annotated_class(), ingress(spec)), WEB).routes
    assert [each.name for each in ranked.route.match.headers] == ["host"]


def test_where_the_class_does_not_ask_annotations_are_told_of() -> None:
    spec = f"rules: [{{{paths('Prefix /')}}}]"
    found = rules(scratch(SERVED, ingress(spec, meta=noted(rewrite_target="/x"))), WEB)
    assert forward(found).rewrite.path is None
    assert found.partial is not None
    assert "nginx.ingress.kubernetes.io/rewrite-target: of another controller, and not read" in found.partial.message
