import pytest

from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.scratch import Scratch
from gatewayd.ir.http import APP_ROOT, DEFAULT_BACKEND, FURTHER_HOST, RegexPath
from gatewayd.translator.attachment import hostnames
from gatewayd.translator.further_hosts import all_hosts, host_of, named_hosts, of_further, stands_for
from gatewayd.translator.nginx.aliases import MOST_LIVE
from gatewayd.translator.rules.ingress import source_of
from gatewayd.translator.rules.route_kinds import rules
from gatewayd.translator.rules.rule_set import Ranked
from tests.unit.translator.ingress_manifests import SERVED, annotated_class, ingress, noted, paths
from tests.unit.translator.manifests import member, scratch

RULES = f"rules: [{{host: b.example, {paths('Prefix /b')}}}, {{host: a.example, {paths('Prefix /a', 'Exact /x')}}}]"
REST = "defaultBackend: {service: {name: cart, port: {number: 80}}}, "


def view(spec: str = RULES, of_class: str = "", **notes: str) -> Scratch:
    return scratch(of_class or annotated_class(), ingress(spec, meta=noted(**notes)))


def row(of: Scratch) -> Ingress:
    found = of.get(Ingress, ObjectKey("shop", "web"))
    assert found is not None
    return found


def test_every_number_has_a_place() -> None:
    assert FURTHER_HOST * (MOST_LIVE + 1) == DEFAULT_BACKEND


def test_a_further_host_is_one_where_the_class_asks_for_annotations() -> None:
    asked = view(server_alias="c.example,A.example,c.example")
    assert all_hosts(asked, row(asked)) == ("b.example", "a.example", "c.example")
    assert hostnames(asked, row(asked)) == all_hosts(asked, row(asked))
    unasked = view(of_class=SERVED, server_alias="c.example")
    assert all_hosts(unasked, row(unasked)) == ("b.example", "a.example")


@pytest.mark.parametrize("notes", [{"canary": "true", "server_alias": "c.example"}, {"server_alias": "*.example"}, {}])
def test_a_canary_has_no_hosts_of_its_own_and_what_is_no_name_is_none(notes: dict[str, str]) -> None:
    found = view(**notes)
    assert all_hosts(found, row(found)) == ("b.example", "a.example")


def test_there_are_as_many_as_have_numbers() -> None:
    found = view(server_alias=",".join(f"h{at}.example" for at in range(12)))
    assert len(named_hosts(row(found))) == MOST_LIVE


def test_it_stands_for_the_first_host_by_name() -> None:
    assert stands_for(row(view())) == "a.example"
    any_host = view(f"rules: [{{{paths('Prefix /a')}}}, {{host: a.example, {paths('Prefix /b')}}}]")
    assert stands_for(row(any_host)) == "*"
    # nginx calls every host "_", which comes after digits.
    after_digits = view(f"rules: [{{{paths('Prefix /a')}}}, {{host: 1.example, {paths('Prefix /b')}}}]")
    assert stands_for(row(after_digits)) == "1.example"


def test_each_route_is_called_by_its_rule_and_known_by_its_host() -> None:
    found = view(f"{REST}{RULES}", server_alias="c.example,d.example", app_root="/app")
    routes = [(str(each.route.source), host_of(row(found), each.route.source)) for each in of(found)]
    assert [host for name, host in routes if "/rule/1/match/0" in name] == ["a.example"]
    assert [host for name, host in routes if f"/rule/{FURTHER_HOST + 1}/" in name] == ["c.example"] * 2
    assert [host for name, host in routes if f"/rule/{2 * FURTHER_HOST + 1}/" in name] == ["d.example"] * 2
    for number in (DEFAULT_BACKEND, APP_ROOT):
        hosts = [host for name, host in routes if f"/rule/{number}/" in name]
        assert hosts == ["b.example", "a.example", "c.example", "d.example"]


def of(found: Scratch) -> tuple[Ranked, ...]:
    return rules(found, member("Ingress", "shop/web")).routes


def test_a_field_is_that_of_the_rule() -> None:
    source = source_of(row(view()), 1, 0)
    assert of_further(source, 1).field == source.field == "spec.rules[1].http.paths[0]"


def test_expressions_of_the_rules_host_are_expressions_there() -> None:
    found = view(server_alias="c.example", use_regex="true")
    [path] = [
        each.route.match.path for each in of(found) if str(each.route.source).endswith(f"{FURTHER_HOST + 1}/match/1")
    ]
    assert path == RegexPath(pattern="(?i)/x.*")
