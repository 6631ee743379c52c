"""What is no key must not reach Envoy, which refuses a table for it; tests/feature/test_policy_tokens.py asks it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.untrusted.key_sets import NoKeys, public_keys
from tests.unit.translator.policies.test_tokens import KEYS

EC = json.loads(KEYS)["keys"][0]
USED = {name: EC[name] for name in ("kty", "crv", "x", "y", "kid")}


def kept(*keys: Any) -> Any:
    """Return the keys that are left, or why there are none."""
    found = public_keys(json.dumps({"keys": keys}))
    return found.why if isinstance(found, NoKeys) else json.loads(found)["keys"]


def test_a_key_keeps_what_is_needed_of_it() -> None:
    assert kept(EC) == [USED]
    assert kept({**EC, "alg": "ES256", "use": "sig"}) == [{**USED, "alg": "ES256"}]


@pytest.mark.parametrize(
    "odd",
    [
        {**EC, "x": "AAAA"},
        {**EC, "x": 1},
        {**EC, "x": "?"},
        {**EC, "crv": "P-384"},
        {**EC, "crv": "secp256k1"},
        {**EC, "crv": ["P-256"]},
        {**EC, "alg": "ES384"},
        {**EC, "alg": "none"},
        {**EC, "alg": 1},
        {**EC, "kid": 1},
        {**EC, "kid": "x" * 1000},
        {**EC, "use": "enc"},
        {**EC, "kty": ["EC"]},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "OKP", "crv": "X25519", "x": "AAAA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {},
    ],
)
def test_what_cannot_be_used_is_left_out(odd: dict[str, Any]) -> None:
    assert kept(odd, EC) == [USED]
    assert kept(odd) == "has no key that signatures can be checked by"


def test_there_is_a_limit() -> None:
    assert kept(*[EC] * 33) == "has 33 keys; at most 32 are allowed"


@pytest.mark.parametrize("name", ["d", "k"])
def test_a_secret_is_refused(name: str) -> None:
    assert kept(EC, {**EC, name: "AAAA"}) == "has a private key, or a shared secret"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
MEMBERS = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "kid", "alg"])


@given(
    JSON | st.fixed_dictionaries({"keys": st.lists(st.dictionaries(MEMBERS, JSON | st.just("EC") | st.just("RSA")))})
)
def test_nothing_makes_it_raise(value: Any) -> None:
    assert isinstance(public_keys(json.dumps(value)), str | NoKeys)
