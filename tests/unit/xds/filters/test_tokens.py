from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from gatewayd.ir.key_sets import KeySetSource, ProxyKeySet, SourceKeys
from gatewayd.ir.policy import ClaimHeader, TokenIssuer, Tokens
from gatewayd.keysets.keeper import PACE
from gatewayd.xds.filters.tokens import NOBODYS, per_route, union
from gatewayd.xds.filters.tokens import filter_config as config_of
from gatewayd.xds.names import cluster
from tests.unit.xds.shorthand import upstream

CORP = TokenIssuer(
    name="corp",
    issuer="https://idp",
    audiences=("shop",),
    keys="{}",
    claim_headers=(ClaimHeader(claim="sub", header="x-user"),),
)
FETCHED = replace(CORP, keys=KeySetSource(uri="https://idp/keys", via=None))
PARTNER = TokenIssuer(name="partner", issuer="https://p", audiences=(), keys="{}", claim_headers=())


def filter_config(asked: Iterable[Tokens], *fetched: SourceKeys) -> Any:
    return config_of(asked, fetched)


def tokens(*issuers: TokenIssuer, is_optional: bool = False) -> Tokens:
    return Tokens(issuers=issuers, is_optional=is_optional)


def test_where_nothing_is_asked_there_is_nothing() -> None:
    config = filter_config(())
    assert (len(config.providers), len(config.requirement_map), len(config.rules)) == (0, 0, 0)


def test_a_route_requires_by_name_what_is_there() -> None:
    asked = tokens(CORP)
    config = filter_config([asked])
    assert config.strip_failure_response
    requirement = config.requirement_map[per_route(asked).requirement_name]
    provider = config.providers[requirement.provider_name]
    assert (provider.issuer, list(provider.audiences)) == ("https://idp", ["shop"])
    assert provider.local_jwks.inline_string == "{}"
    assert provider.HasField("jwt_cache_config")
    assert not provider.HasField("remote_jwks")


def test_several_or_none() -> None:
    asked = tokens(CORP, PARTNER, is_optional=True)
    requirement = filter_config([asked]).requirement_map[per_route(asked).requirement_name]
    kinds = [each.WhichOneof("requires_type") for each in requirement.requires_any.requirements]
    assert kinds == ["provider_name", "provider_name", "allow_missing"]


def test_an_issuer_is_there_once_whoever_requires_it_and_under_whatever_name() -> None:
    config = filter_config([tokens(CORP), tokens(PARTNER, CORP), tokens(replace(CORP, name="other"))])
    assert (len(config.providers), len(config.requirement_map)) == (2, 2)


def test_whatever_differs_is_another_requirement() -> None:
    others = (
        tokens(CORP),
        tokens(CORP, is_optional=True),
        tokens(replace(CORP, keys="{ }")),
        tokens(replace(CORP, audiences=())),
        tokens(replace(CORP, claim_headers=())),
        tokens(replace(CORP, issuer="https://p")),
    )
    assert len({per_route(each).requirement_name for each in others}) == len(others)


def test_a_union_has_what_either_has() -> None:
    old, new = filter_config([tokens(CORP), tokens(CORP, PARTNER)]), filter_config([tokens(PARTNER)])
    both = union(old, new)
    assert both == filter_config([tokens(CORP), tokens(CORP, PARTNER), tokens(PARTNER)])
    assert union(new, both) == both
    assert union(filter_config(()), new) == new


def test_keys_that_are_fetched_change_no_name_and_without_them_nobodys_count() -> None:
    asked = tokens(FETCHED)
    source = FETCHED.keys
    assert isinstance(source, KeySetSource)
    configs = [
        filter_config([asked]),
        filter_config([asked], SourceKeys(source=source, keys="k1")),
        filter_config([asked], SourceKeys(source=source, keys="k2")),
    ]
    assert len({tuple(each.requirement_map) for each in configs}) == 1
    assert [next(iter(each.providers.values())).local_jwks.inline_string for each in configs] == [NOBODYS, "k1", "k2"]
    assert per_route(asked).requirement_name in configs[0].requirement_map


def test_keys_that_proxies_fetch_are_asked_for_ahead_and_again() -> None:
    near = replace(CORP, keys=ProxyKeySet(uri="http://idp/keys", via=upstream("idp")))
    asked = tokens(near)
    config = filter_config([asked])
    requirement = config.requirement_map[per_route(asked).requirement_name]
    remote = config.providers[requirement.provider_name].remote_jwks
    assert (remote.http_uri.uri, remote.http_uri.cluster) == ("http://idp/keys", cluster(upstream("idp")))
    assert remote.async_fetch.failed_refetch_duration.ToMilliseconds() == 10_000
    assert remote.cache_duration.ToMilliseconds() == 300_000 == PACE.usual * 1000
    assert per_route(asked).requirement_name != per_route(tokens(CORP)).requirement_name
