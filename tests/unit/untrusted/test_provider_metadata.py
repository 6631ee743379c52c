import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.untrusted.provider_metadata import (
    NoProvider,
    ProviderEndpoints,
    endpoints_of,
    metadata_uri,
    provider_metadata,
)

ISSUER = "https://idp.example/realm"
URI = f"{ISSUER}/.well-known/openid-configuration"
WHOLE = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://idp.example/auth",
    "token_endpoint": "https://idp.example/token?x=1",
    "end_session_endpoint": "https://idp.example/logout",
    "jwks_uri": "https://idp.example/keys",
}


def read(**changed: Any) -> str | NoProvider:
    document = {name: value for name, value in {**WHOLE, **changed}.items() if value is not None}
    return provider_metadata(json.dumps(document), URI)


def test_where_an_issuer_says_it() -> None:
    assert metadata_uri(ISSUER) == metadata_uri(f"{ISSUER}/") == URI


def test_what_is_needed_is_taken_and_nothing_else() -> None:
    text = read()
    assert isinstance(text, str)
    assert "keys" not in text
    assert endpoints_of(text) == ProviderEndpoints(
        authorization="https://idp.example/auth",
        token="https://idp.example/token?x=1",
        end_session="https://idp.example/logout",
    )
    without = read(end_session_endpoint=None)
    assert isinstance(without, str)
    assert endpoints_of(without) == endpoints_of(text)._replace(end_session="")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"issuer": "https://evil.example"}, "is of another issuer"),
        ({"issuer": None}, "is of another issuer"),
        ({"issuer": 1}, "is of another issuer"),
        ({"token_endpoint": None}, "has no authorization_endpoint, or no token_endpoint"),
        ({"authorization_endpoint": ""}, "has no authorization_endpoint, or no token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "has an authorization_endpoint that is no URL"),
        ({"token_endpoint": "https://idp.example/\r\nx: y"}, "has an token_endpoint that is no URL"),
        ({"end_session_endpoint": ["https://idp.example"]}, "has an end_session_endpoint that is no URL"),
        ({"token_endpoint": "https://a/" + "x" * 1100}, "has an token_endpoint that is no URL"),
    ],
)
def test_what_is_of_no_use(changed: dict[str, Any], why: str) -> None:
    found = read(**changed)
    assert isinstance(found, NoProvider)
    assert found.why.startswith(why)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000])
def test_no_document(text: str) -> None:
    assert isinstance(provider_metadata(text, URI), NoProvider)


@given(st.text())
def test_nothing_raises(text: str) -> None:
    assert isinstance(provider_metadata(text, URI), str | NoProvider)
    assert endpoints_of(text) is None or isinstance(endpoints_of(text), ProviderEndpoints)
