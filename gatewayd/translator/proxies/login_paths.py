"""Where logins end: the paths at which the proxy itself answers who comes back from a provider, or logs out.

In: the routes of a virtual host in order. Out: the same, with a route for each such path of each login before them. It
is there at every host that a rule with the login is at, whatever paths the rule is for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gatewayd.ir.filters import HTTPFilter
from gatewayd.ir.http import CANNOT, NOT_FOUND, ExactPath, RequestMatch, Route
from gatewayd.ir.policy import ClientAddresses, Login, RateLimits, WithheldHeaders


def with_login_paths(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """Return the routes of a host with those of its logins.

    A path is one login's. Rules with another login that wants it answer 500: who comes back could not be told apart.
    """
    by_login: dict[Login, list[Route]] = {}
    for route in routes:
        for login in logins(route) if route.filters else ():
            by_login.setdefault(login, []).append(route)
    if not by_login:
        return routes
    owners: dict[str, Login] = {}
    for login in by_login:
        for path in (login.callback_path, login.logout_path):
            owners.setdefault(path, login)
    paths = (_path(path, login, by_login[login]) for path, login in owners.items())
    return (*paths, *(each if _owns(each, owners) else replace(each, action=CANNOT, filters=()) for each in routes))


def logins(route: Route) -> Iterator[Login]:
    """Yield the login of a rule, if it has one."""
    return (each for each in route.filters if isinstance(each, Login))


def _owns(route: Route, owners: dict[str, Login]) -> bool:
    return all(owners[path] == login for login in logins(route) for path in (login.callback_path, login.logout_path))


def _path(path: str, login: Login, rules: list[Route]) -> Route:
    first = rules[0]
    match = RequestMatch(path=ExactPath(value=path), methods=(), headers=(), queries=(), grpc=False)
    source = replace(first.source, login=path)
    # Nobody gets the 404: Envoy's filter answers at these paths.
    return replace(first, source=source, match=match, action=NOT_FOUND, filters=tuple(_filters(login, rules)))


def _filters(login: Login, rules: list[Route]) -> Iterator[HTTPFilter]:
    """Yield what a request for such a path meets: the login, and of what stands before it what all rules have."""
    first, *others = ([each for each in rule.filters if isinstance(each, _BEFORE)] for rule in rules)
    for http_filter in first:
        if isinstance(http_filter, ClientAddresses):
            found = [[each for each in other if isinstance(each, ClientAddresses)] for other in others]
            rules_of_all = _common(http_filter, found)
            if rules_of_all.rules:
                yield rules_of_all
        elif all(http_filter in other for other in others):
            yield http_filter
    yield login


def _common(first: ClientAddresses, others: Iterable[list[ClientAddresses]]) -> ClientAddresses:
    kept = first.rules
    for other in others:
        theirs = {rule for each in other for rule in each.rules}
        kept = tuple(rule for rule in kept if rule in theirs)
    return ClientAddresses(rules=kept)


_BEFORE = (WithheldHeaders, ClientAddresses, RateLimits)
