from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.meta import ObjectKey
from gatewayd.explain.cut_off import Reached
from gatewayd.incremental.view import Member
from tests.unit.example import SHOP, translated

ALL = SHOP.replace("  - matches:\n    - path: {type: PathPrefix, value: /cart}\n    backendRefs", "  - backendRefs")
COPY = "---\n" + ALL.split("---\n")[1].replace("name: shop", "name: shop2")


def cut_off(text: str, name: str) -> list[tuple[int, str]]:
    translation = translated(text)
    configs = translation.reconciler.configs.values()
    reached = Reached(table for config in configs for table in config.route_tables)
    member = Member(HTTPRoute, ObjectKey("default", name))
    return [(each.match.rule, each.taken_by.name) for each in reached.cut_off(translation.engine, member)]


def test_a_copy_of_what_takes_everything_is_cut_off() -> None:
    assert cut_off(ALL + COPY, "shop2") == [(0, "shop")]
    assert cut_off(ALL + COPY, "shop") == []


def test_nothing_is_cut_off_on_hosts_of_its_own() -> None:
    assert cut_off(ALL + COPY.replace("shop.example", "other.example"), "shop2") == []
    assert cut_off(SHOP, "shop") == []


def test_check_tells_it() -> None:
    told = [(each.object, each.reason) for each in translated(ALL + COPY).findings]
    assert ("HTTPRoute default/shop2", "NeverReached") in told
    assert all(name == "HTTPRoute default/shop2" for name, _ in told)


def test_nothing_is_cut_off_at_a_port_that_is_not_served() -> None:
    tls = "{name: tls, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: gone}]}}"
    secured = ALL.replace("  listeners:\n", f"  listeners:\n  - {tls}\n")
    at_tls = COPY.replace("parentRefs: [{name: web}]", "parentRefs: [{name: web, sectionName: tls}]")
    assert secured != ALL
    assert at_tls != COPY
    assert cut_off(secured + at_tls, "shop2") == []
