import pytest

from gatewayd.api.accesspolicy import (
    JWT,
    AccessCondition,
    Authorization,
    CallerCondition,
    ClaimToHeader,
    HeaderValues,
    JWTProvider,
    KeySet,
    Values,
)
from gatewayd.ir.policy import NamedValues, Permission, RequestCondition, Tokens
from gatewayd.translator.policies.tokens import asks_claims, called_from, permission, tokens
from gatewayd.translator.problems import Unsupported
from gatewayd.untrusted.key_sets import public_keys

KEYS = """{"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "x5c": ["left out"],
  "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"""
"""The key of https://www.rfc-editor.org/rfc/rfc7517#appendix-A.1."""


def provider(keys: str = KEYS, header: str = "x-user") -> JWTProvider:
    claims = (ClaimToHeader(claim="sub", header=header),)
    return JWTProvider(name="corp", issuer="https://idp", keys=KeySet(inline=keys), claim_headers=claims)


def test_a_provider() -> None:
    found = tokens(JWT(providers=(provider(),), optional=True), (None,))
    assert isinstance(found, Tokens)
    (issuer,) = found.issuers
    assert (issuer.name, issuer.issuer, found.is_optional) == ("corp", "https://idp", True)
    assert issuer.keys == public_keys(KEYS)
    assert [(each.claim, each.header) for each in issuer.claim_headers] == [("sub", "x-user")]


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("hunter2", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "has no list of keys"),
        ('{"keys": [{"kty": "oct", "k": "hunter2"}]}', "has a private key, or a shared secret"),
        ('{"keys": [{"kty": "EC", "d": "hunter2"}]}', "has a private key, or a shared secret"),
    ],
)
def test_keys_that_are_none_are_named_without_a_word_of_them(keys: str, why: str) -> None:
    found = tokens(JWT(providers=(provider(keys),)), (None,))
    assert isinstance(found, Unsupported)
    assert found.message.startswith(f"providers[0].keys.inline: {why}; allowed: ")
    assert "hunter2" not in found.message


@pytest.mark.parametrize("header", ["Host", "content-length", "x-envoy-user", "Connection"])
def test_headers_that_nobody_may_set(header: str) -> None:
    found = tokens(JWT(providers=(provider(header=header),)), (None,))
    assert isinstance(found, Unsupported)
    assert found.message.startswith("providers[0].claimHeaders[0].header: ")


def test_conditions() -> None:
    written = CallerCondition(
        claims=(Values(name="Sub", values=("ann",)),),
        headers=(HeaderValues(name="X-Team", values=("red",)),),
        methods=("GET",),
        paths=("/a",),
    )
    section = Authorization(allow=(written,))
    condition = RequestCondition(
        claims=(NamedValues(name="Sub", values=("ann",)),),
        headers=(NamedValues(name="x-team", values=("red",)),),
        methods=("GET",),
        paths=("/a",),
    )
    assert permission(section) == Permission(allow=(condition,), deny=())
    assert asks_claims(section)
    assert not asks_claims(Authorization(deny=(AccessCondition(paths=("/a",)),)))


def test_who_calls_from_where() -> None:
    named = CallerCondition(namespaces=("blog",), methods=("GET",))
    section = Authorization(allow=(named, CallerCondition(paths=("/health",))))
    assert called_from(section, "blog").allow == (CallerCondition(methods=("GET",)), section.allow[1])
    assert called_from(section, "far").allow == called_from(section, "").allow == (section.allow[1],)
    assert called_from(Authorization(allow=(section.allow[1],)), "") == Authorization(allow=(section.allow[1],))


def test_where_all_conditions_are_for_others_nobody_passes() -> None:
    section = Authorization(allow=(CallerCondition(namespaces=("blog",)),))
    nobody = Permission(allow=(), deny=(RequestCondition(claims=(), headers=(), methods=(), paths=()),))
    assert permission(section) == permission(called_from(section, "far")) == nobody
    assert permission(called_from(section, "blog")).deny == ()
