from dataclasses import replace

from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.http import CANNOT, ExactPath, Route
from gatewayd.ir.policy import AddressRange, AddressRule, ClientAddresses, Login, RateLimits, Tokens, WithheldHeaders
from gatewayd.translator.proxies.login_paths import with_login_paths
from tests.unit.xds.filters.test_login import LOGIN
from tests.unit.xds.shorthand import forward, route

OTHER = replace(LOGIN, client_id="other", mark="2")
ALL = AddressRule(allow=(), deny=())
FEW = AddressRule(allow=(AddressRange(network="10.0.0.0", bits=8, is_peer=False),), deny=())
TOKENS = Tokens(issuers=(), is_optional=False)
LIMITS = RateLimits(limits=(), policy="")
WITHHELD = WithheldHeaders(names=("x-user",))


def rule(name: str, *filters: HTTPFilter) -> Route:
    return route(forward("a"), name=name, filters=filters)


def paths(routes: tuple[Route, ...]) -> dict[str, Login]:
    return {
        each.match.path.value: login
        for each in routes
        if isinstance(each.match.path, ExactPath)
        for login in each.filters
        if isinstance(login, Login)
    }


def test_without_a_login_nothing_changes() -> None:
    routes = (rule("a", TOKENS),)
    assert with_login_paths(routes) is routes


def test_a_login_has_two_paths_before_all_rules() -> None:
    routes = (rule("a"), rule("b", LOGIN), rule("c", LOGIN))
    found = with_login_paths(routes)
    assert found[2:] == routes
    assert paths(found) == {"/oauth2/callback": LOGIN, "/logout": LOGIN}
    assert len({str(each.source) for each in found}) == 5


def test_another_login_needs_paths_of_its_own() -> None:
    found = with_login_paths((rule("a", LOGIN), rule("b", OTHER)))
    assert [(each.action, each.filters) for each in found if each.source.name == "b"] == [(CANNOT, ())]
    own = replace(OTHER, callback_path="/b", logout_path="/bye")
    found = with_login_paths((rule("a", LOGIN), rule("b", own)))
    assert paths(found) == {"/oauth2/callback": LOGIN, "/logout": LOGIN, "/b": own, "/bye": own}
    assert CANNOT not in [each.action for each in found]
    shared = replace(OTHER, callback_path="/b")
    found = with_login_paths((rule("a", LOGIN), rule("b", shared)))
    assert [each.action for each in found if each.source.name == "b" and not each.source.login] == [CANNOT]


def test_what_all_rules_have_stands_before_the_login() -> None:
    first = rule("a", WITHHELD, ClientAddresses(rules=(ALL, FEW)), LIMITS, LOGIN, TOKENS)
    second = rule("b", WITHHELD, ClientAddresses(rules=(ALL,)), LOGIN)
    callback, *_ = with_login_paths((first, second))
    assert callback.filters == (WITHHELD, ClientAddresses(rules=(ALL,)), LOGIN)
    callback, *_ = with_login_paths((first, rule("c", LOGIN)))
    assert callback.filters == (LOGIN,)
