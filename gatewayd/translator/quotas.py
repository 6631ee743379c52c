"""How much of a Gateway's proxies each namespace takes up with its routes, and which routes are too many.

In: the HTTPRoutes, GRPCRoutes and Ingresses of a Gateway. Out: the bad Accepted verdict of a route that is over.
A route that is too large by itself is refused. Of a namespace that has too much, the oldest routes keep their place and
those that do not fit any more are refused, whatever was there first in this process; other namespaces do not notice.

Sums are kept in parts, and what is over is told by an index: an edit adds up one part of its own namespace, and no
other route hears of it while nobody is over.
"""

from collections.abc import Iterator
from functools import lru_cache, reduce
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from gatewayd.api.gateway import Gateway
from gatewayd.api.grpcroute import GRPCRoute
from gatewayd.api.httproute import HTTPRoute
from gatewayd.api.ingress import Ingress
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import Index, Member, Source, View, query
from gatewayd.ir.limits import SERVER_NAME_BYTES, USAGE_STEP
from gatewayd.ir.outcome import Verdict
from gatewayd.ir.quotas import NOTHING, UNBOUNDED, Quotas, Usage, excess, total
from gatewayd.translator import verdicts
from gatewayd.translator.ingresses import tls_hosts
from gatewayd.translator.parameters.chosen import chosen_parameters
from gatewayd.translator.parameters.class_parameters import BadClassParameters, class_parameters
from gatewayd.translator.parents import parent_gateway, parent_refs

COUNTED = (HTTPRoute, GRPCRoute, Ingress)
_PARTS = 256
_EXPRESSION = b'"type":"RegularExpression"'
_encode = msgspec.json.Encoder().encode


class Account(NamedTuple):
    """A namespace with routes on a Gateway."""

    gateway: ObjectKey
    namespace: str


class AccountPart(NamedTuple):
    """Some of the routes of an account."""

    account: Account
    number: int


class Demand(NamedTuple):
    """What a route takes up, and where."""

    usage: Usage
    parts: tuple[AccountPart, ...]


class RefusedRoute(NamedTuple):
    """A route that is too much for a Gateway, and what is said about it."""

    gateway: ObjectKey
    route: Member
    message: str


_account = lru_cache(maxsize=1024)(Account)
_part = lru_cache(maxsize=1024)(AccountPart)
_demand = lru_cache(maxsize=1024)(Demand)
"""Make values of which thousands of routes have the same."""


@query
def quotas(view: View, gateway: ObjectKey) -> Quotas:
    """Return what routes may take up on a Gateway. Nobody else reads the limits.

    While parameters cannot be read nobody knows what they allow: then nothing that is served is refused for it.
    """
    row = view.get(Gateway, gateway)
    of_class = class_parameters(view, row.spec.gateway_class_name if row is not None else "")
    chosen = chosen_parameters(view, gateway)
    unknown = isinstance(of_class, BadClassParameters) or chosen.refused is not None
    return UNBOUNDED if unknown else chosen.parameters.quotas


def usage(row: Any) -> Usage:
    """Return what an HTTPRoute, a GRPCRoute or an Ingress takes up."""
    if isinstance(row, Ingress):
        return _of_ingress(row)
    hosts = max(1, len(row.spec.hostnames))
    rules = regexes = size = 0
    for rule in row.spec.rules:
        written = _encode(rule.matches)
        count = max(1, len(rule.matches))
        rules += count
        regexes += written.count(_EXPRESSION)
        # What a rule does stands in the proxy once for each of its matches.
        size += len(written) + count * (len(_encode(rule)) - len(written))
    return Usage(hosts * rules, hosts * regexes, -(-hosts * size // USAGE_STEP) * USAGE_STEP)


def _of_ingress(row: Ingress) -> Usage:
    """Return the same of an Ingress: each rule is for one host, and a wildcard host is an expression.

    Each server name that it has a certificate for is a filter chain. A host without a path has its place, too.
    """
    paths = [(rule.host, len(rule.http.paths) if rule.http is not None else 0) for rule in row.spec.rules]
    hosts = dict.fromkeys(host for host, _ in paths) or {"": None}
    defaults = len(hosts) if row.spec.default_backend is not None else 0
    wildcards = sum(count for host, count in paths if host.startswith("*"))
    wildcards += sum(host.startswith("*") for host in hosts) if defaults else 0
    size = len(_encode(row.spec)) + len(tls_hosts(row)) * SERVER_NAME_BYTES
    return Usage(sum(max(1, count) for _, count in paths) + defaults, wildcards, -(-size // USAGE_STEP) * USAGE_STEP)


@query
def demand(view: View, member: Member) -> Demand | None:
    """Return what a route takes up on which Gateways."""
    row = view.get(member.table, member.key)
    if row is None:
        return None
    namespace = row.metadata.namespace
    parents = (parent_gateway(view, ref, namespace) for ref in parent_refs(view, row))
    gateways = dict.fromkeys(each for each in parents if each is not None)
    number = crc32(row.metadata.name.encode()) % _PARTS
    return _demand(usage(row), tuple(_part(_account(each, namespace), number) for each in gateways))


def _parts_of(of_route: Demand | None) -> tuple[AccountPart, ...]:
    return () if of_route is None else of_route.parts


def _accounts_of(of_route: Demand | None) -> tuple[Account, ...]:
    return () if of_route is None else tuple(each.account for each in of_route.parts)


DEMANDS = Index(
    name="routes_by_part_of_account",
    sources=tuple(Source(table=table, query=demand, keys=_parts_of) for table in COUNTED),
    group=lambda part: part.account,
)
ACCOUNTS = Index(
    name="routes_by_account",
    sources=tuple(Source(table=table, query=demand, keys=_accounts_of) for table in COUNTED),
    group=lambda account: account.gateway,
)


@query
def part_usage(view: View, part: AccountPart) -> Usage:
    """Return what some of the routes of an account take up; one that is refused by itself takes up nothing."""
    allowed = quotas(view, part.account.gateway).route
    usages = (_usage(view, member) for member in view.bucket(DEMANDS, part))
    return reduce(total, (each for each in usages if excess(each, allowed) is None), NOTHING)


def _usage(view: View, member: Member) -> Usage:
    of_route = demand(view, member)
    return NOTHING if of_route is None else of_route.usage


@query
def over(view: View, account: Account) -> tuple[Account, ...]:
    """Return the account if it has more than it may, else nothing."""
    usage = reduce(total, view.collect(DEMANDS, account, part_usage), NOTHING)
    return () if excess(usage, quotas(view, account.gateway).namespace) is None else (account,)


@query
def accounts_over(view: View, gateway: Member) -> tuple[Account, ...]:
    """Return the accounts of a Gateway that have more than they may."""
    return tuple(each for found in view.collect(ACCOUNTS, gateway.key, over) for each in found)


OVER = Index(name="accounts_over_quota", sources=(Source(table=Gateway, query=accounts_over),), group=lambda key: key)


@query
def routes_over(view: View, gateway: Member) -> tuple[RefusedRoute, ...]:
    """Return the routes that do not fit a Gateway any more."""
    return tuple(each for account in accounts_over(view, gateway) for each in _over(view, account))


def _over(view: View, account: Account) -> Iterator[RefusedRoute]:
    allowed = quotas(view, account.gateway)
    admitted = NOTHING
    for member in sorted(view.bucket(ACCOUNTS, account), key=lambda each: _age(view, each)):
        own = _usage(view, member)
        if excess(own, allowed.route) is not None:
            continue
        over_limit = excess(total(admitted, own), allowed.namespace)
        if over_limit is None:
            admitted = total(admitted, own)
            continue
        name, count, most = over_limit
        yield RefusedRoute(
            account.gateway,
            member,
            f"{_field(member)}: with this route namespace {account.namespace!r} has {count} {name} on Gateway "
            f'"{account.gateway}"; at most {most} are allowed, older routes go first',
        )


def _age(view: View, member: Member) -> tuple[str, ObjectKey, str]:
    row = view.get(member.table, member.key)
    created, key = (row.metadata.creation_timestamp, row.metadata.key) if row is not None else ("", ObjectKey("", ""))
    return (created, key, member.table.__name__)


REFUSED = Index(
    name="routes_over_quota",
    sources=(Source(table=Gateway, query=routes_over),),
    group=lambda refused: (refused.gateway, refused.route),
)


def _field(member: Member) -> str:
    """Return where a route says what it takes up: an Ingress in its rules and its certificates."""
    return "spec" if member.table is Ingress else "spec.rules"


def too_much(view: View, gateway: ObjectKey, member: Member, namespace: str) -> Verdict | None:
    """Return the bad Accepted verdict of a route that takes up too much of a Gateway, None when it does not."""
    if member.table not in COUNTED:
        return None
    over_limit = excess(_usage(view, member), quotas(view, gateway).route)
    if over_limit is not None:
        name, count, most = over_limit
        why = f"{_field(member)}: {count} {name}, counted once for each hostname; at most {most} are allowed in a route"
        return verdicts.over_quota(why)
    if not view.count(OVER, _account(gateway, namespace)):
        return None
    refused: tuple[RefusedRoute, ...] = view.group(REFUSED, (gateway, member))
    return verdicts.over_quota(refused[0].message) if refused else None
