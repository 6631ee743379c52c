import pytest

from gatewayd.ir.backend import InvalidBackend, ServiceBackend
from gatewayd.ir.http import DEFAULT_BACKEND, ExactPath, Forward, PathMatch, PrefixPath, Route
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import RuleSet
from tests.unit.translator.ingress_manifests import CART_PORT, SERVED, ingress, paths
from tests.unit.translator.manifests import member, scratch


def ruled(spec: str) -> RuleSet:
    return rules(scratch(SERVED, ingress(spec)), member("Ingress", "shop/web"))


def backend(route: Route) -> ServiceBackend | InvalidBackend:
    assert isinstance(route.action, Forward)
    [share] = route.action.backends
    return share.backend


@pytest.mark.parametrize(
    ("written", "match"),
    [
        ("Exact /cart", ExactPath(value="/cart")),
        ("Exact /cart/", ExactPath(value="/cart/")),
        ("Prefix /cart/", PrefixPath(value="/cart")),
        ("Prefix /", PrefixPath(value="/")),
        ("Prefix /*", PrefixPath(value="/*")),
        ("ImplementationSpecific ", PrefixPath(value="/")),
        ("ImplementationSpecific /cart", PrefixPath(value="/cart")),
    ],
)
def test_paths(written: str, match: PathMatch) -> None:
    [ranked] = ruled(f"rules: [{{{paths(written)}}}]").routes

    assert ranked.route.match.path == match
    assert ranked.route.match.headers == ()
    assert str(ranked.route.source) == "ingress/shop/web/rule/0/match/0"
    assert ranked.route.source.field == "spec.rules[0].http.paths[0]"


@pytest.mark.parametrize("text", ["/a(/|$)(.*)", "/a/.*", "/a.+", "/(?i)a", "/a$", "/a*", "/[a-z]", "/a b"])
def test_what_is_written_like_an_expression_is_left_out_and_told(text: str) -> None:
    spec = f"rules: [{{{paths('Prefix /good', f'ImplementationSpecific {text}'.replace('a b', 'a^b'))}}}]"
    found = ruled(spec)

    assert [str(each.route.source) for each in found.routes] == ["ingress/shop/web/rule/0/match/0"]
    assert found.refusal is None
    assert found.partial is not None
    assert "spec.rules[0].http.paths[1].path: is " in found.partial.message


def test_an_ingress_of_nothing_else_is_refused() -> None:
    found = ruled(f"rules: [{{{paths('ImplementationSpecific /a.*')}}}]")

    assert found.refusal is not None
    assert found.refusal.reason == "UnsupportedValue"


def test_a_wildcard_is_for_one_label() -> None:
    [ranked] = ruled(f"rules: [{{host: '*.shop.example', {paths('Prefix /')}}}]").routes

    [header] = ranked.route.match.headers
    assert (header.name, header.value.pattern) == ("host", r"(?i)[^.]+\.shop\.example(:[0-9]+)?")  # type: ignore[union-attr]
    # A host is no condition of its own: it does not go before a route with the same path.
    [plain] = ruled(f"rules: [{{host: shop.example, {paths('Prefix /')}}}]").routes
    assert ranked.rank == plain.rank


def test_a_default_backend_is_for_each_host() -> None:
    found = ruled(
        f"defaultBackend: {CART_PORT}, rules: [{{host: a.example, {paths('Exact /')}}}, {{host: '*.b.example'}}]"
    )

    last = [each.route for each in found.routes if each.route.source.rule == DEFAULT_BACKEND]
    assert [(each.source.match, bool(each.match.headers)) for each in last] == [(0, False), (1, True)]
    assert {each.source.field for each in last} == {"spec.defaultBackend"}


def test_a_port_has_a_number_or_a_name() -> None:
    for port in ("{number: 80}", "{name: web}"):
        [ranked] = ruled(f"defaultBackend: {{service: {{name: cart, port: {port}}}}}").routes
        target = backend(ranked.route)
        assert isinstance(target, ServiceBackend)
        assert (target.upstream.name, target.upstream.port) == ("cart", 80)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{service: {name: gone, port: {name: web}}}", 'Service "shop/gone" does not exist'),
        (
            "{service: {name: cart, port: {name: gone}}}",
            "Service \"shop/cart\" has no port named 'gone' (TCP); names: web",
        ),
        ("{service: {name: cart, port: {number: 81}}}", 'Service "shop/cart" has no port 81 (TCP); ports: 80/TCP'),
        ("{resource: {kind: Bucket, name: b}}", "a resource of kind Bucket is not supported; allowed: service"),
    ],
)
def test_a_backend_that_is_not_there_is_told_and_stays(written: str, message: str) -> None:
    found = ruled(f"defaultBackend: {written}")

    assert isinstance(backend(found.routes[0].route), InvalidBackend)
    assert found.unresolved is not None
    assert found.unresolved.message == f"spec.defaultBackend: {message}"


def test_a_message_names_the_field() -> None:
    found = ruled(f"rules: [{{{paths('Prefix /').replace('cart', 'gone')}}}]")

    assert found.unresolved is not None
    assert found.unresolved.message.startswith("spec.rules[0].http.paths[0].backend: ")
