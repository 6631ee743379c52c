"""Which things are asked of filters that are discovered, as virtual hosts come and go."""

from gatewayd.ir.key_sets import KeySetSource, SourceKeys
from gatewayd.ir.policy import RateLimit, RateLimits, TokenIssuer, Tokens
from gatewayd.xds.build.build_cost import Work
from gatewayd.xds.build.discovered_filters import AskedFilters, DiscoveredFilters
from gatewayd.xds.build.virtual_hosts import Host, Listed
from gatewayd.xds.filters.discovered import DISCOVERED, Asked

LIMIT = RateLimit(requests=1, unit_s=1, burst=1, per_client=False, headers=(), claims=(), is_late=False)
A, B = (RateLimits(policy=each, limits=(LIMIT,)) for each in ("shop/a", "shop/b"))


def host(*asked: Asked) -> Host:
    parts = Listed((), b"", (0,))
    return Host(domain="shop.example", entry=b"", digest=b"", parts=parts, asked=frozenset(asked))


def test_a_thing_is_asked_for_until_the_last_host_does_not() -> None:
    asked = AskedFilters()
    asked.is_other = False
    asked.replace(None, host(A))
    assert asked.is_other
    asked.is_other = False
    asked.replace(None, host(A))
    asked.replace(host(A), host())
    assert (set(asked), asked.is_other) == ({A}, False)
    asked.replace(host(A), host(B))
    assert (set(asked), asked.is_other) == ({B}, True)
    asked.replace(host(B), None)
    assert set(asked) == set()


def test_resources_are_there_from_the_beginning_and_made_when_something_else_is_asked() -> None:
    asked, filters = AskedFilters(), DiscoveredFilters()
    first = list(filters.update(asked, (), Work()))
    assert [each.after.name for each in first if each.after is not None] == list(DISCOVERED)
    assert list(filters.update(asked, (), Work())) == []
    work = Work()
    asked.replace(None, host(A))
    ((before, after),) = filters.update(asked, (), work)
    assert before is not None
    assert after is not None
    assert (before.name, before.version != after.version, work.resources) == (after.name, True, 1)
    asked.replace(None, host(A))
    assert list(filters.update(asked, (), Work())) == []
    asked.replace(host(A), None)
    asked.replace(host(A), None)
    assert [each.after for each in filters.update(asked, (), Work())] == [before]


def test_keys_that_were_fetched_make_it_anew() -> None:
    asked, filters = AskedFilters(), DiscoveredFilters()
    source = KeySetSource(uri="https://idp.example/keys", via=None)
    issuer = TokenIssuer(name="corp", issuer="https://idp.example", audiences=(), keys=source, claim_headers=())
    asked.replace(None, host(Tokens(issuers=(issuer,), is_optional=False)))
    list(filters.update(asked, (), Work()))
    fetched = (SourceKeys(source=source, keys="k1"),)
    assert [each.after.name for each in filters.update(asked, fetched, Work()) if each.after] == ["token"]
    assert list(filters.update(asked, fetched, Work())) == []
