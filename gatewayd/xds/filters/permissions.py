"""Permissions -> Envoy's RBAC filter once more, behind all that find out who somebody is.

https://www.envoyproxy.io/docs/envoy/v1.40.0/api-v3/extensions/filters/http/rbac/v3/rbac.proto
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from envoy.config.rbac.v3 import rbac_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2 as filter_pb2
from envoy.type.matcher.v3 import metadata_pb2, path_pb2, string_pb2, value_pb2

from gatewayd.ir.policy import Permission, Permissions, RequestCondition
from gatewayd.xds.filters.tokens import METADATA, PAYLOAD

NAME = "may"
CONFIG = filter_pb2.RBAC()

_Principal = rbac_pb2.Principal


@lru_cache(maxsize=256)
def per_route(permissions: Permissions) -> Any:
    """Return the configuration of one route."""
    needed = [principal for rule in permissions.rules for principal in _needed(rule)] or [_Principal(any=True)]
    policy = rbac_pb2.Policy(permissions=[rbac_pb2.Permission(any=True)], principals=[_all(needed)])
    rules = rbac_pb2.RBAC(action=rbac_pb2.RBAC.ALLOW, policies={"requests": policy})
    return filter_pb2.RBACPerRoute(rbac=filter_pb2.RBAC(rules=rules))


def _needed(rule: Permission) -> Iterator[Any]:
    if rule.allow:
        yield _any(map(_condition, rule.allow))
    if rule.deny:
        yield _Principal(not_id=_any(map(_condition, rule.deny)))


def _condition(condition: RequestCondition) -> Any:
    """Return what holds when all parts of a condition do."""
    parts = [_any(_claim(each.name, value) for value in each.values) for each in condition.claims]
    parts += [_any(_header(each.name, value) for value in each.values) for each in condition.headers]
    if condition.methods:
        parts.append(_any(_header(":method", method) for method in condition.methods))
    if condition.paths:
        parts.append(_any(each for path in condition.paths for each in _path(path)))
    return _all(parts)


def _claim(name: str, value: str) -> Any:
    """Return what holds when a claim is a text, or has it among several."""
    text = value_pb2.ValueMatcher(string_match=string_pb2.StringMatcher(exact=value))
    either = value_pb2.OrMatcher(
        value_matchers=[text, value_pb2.ValueMatcher(list_match=value_pb2.ListMatcher(one_of=text))]
    )
    steps = [metadata_pb2.MetadataMatcher.PathSegment(key=key) for key in (PAYLOAD, name)]
    matcher = metadata_pb2.MetadataMatcher(filter=METADATA, path=steps, value=value_pb2.ValueMatcher(or_match=either))
    return _Principal(metadata=matcher)


def _header(name: str, value: str) -> Any:
    exactly = string_pb2.StringMatcher(exact=value)
    return _Principal(header=route_components_pb2.HeaderMatcher(name=name, string_match=exactly))


def _path(prefix: str) -> Iterator[Any]:
    """Yield what holds for a path and for what is below it, without a look at the query."""
    whole = prefix.rstrip("/")
    matchers = [string_pb2.StringMatcher(prefix=f"{whole}/")] + (
        [string_pb2.StringMatcher(exact=whole)] if whole else []
    )
    yield from (_Principal(url_path=path_pb2.PathMatcher(path=each)) for each in matchers)


def _any(ids: Iterable[Any]) -> Any:
    return _Principal(or_ids=_Principal.Set(ids=list(ids)))


def _all(ids: Sequence[Any]) -> Any:
    return _Principal(and_ids=_Principal.Set(ids=ids)) if ids else _Principal(any=True)
