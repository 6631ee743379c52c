import pytest

from gatewayd.ir.backend import Protocol, Upstream
from gatewayd.ir.key_sets import KeySetSource
from gatewayd.untrusted.kept_keys import kept_name, kept_text, read_kept
from gatewayd.untrusted.key_sets import public_keys

KEYS = """{"keys": [{"kty": "EC", "crv": "P-256", "kid": "one", "x5c": ["left out"],
  "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"""
VIA = Upstream(kind="Service", namespace="shop", name="idp", port=80, protocol=Protocol.HTTP1)
SOURCES = (
    KeySetSource(uri="https://idp.example/keys", via=None),
    KeySetSource(uri="https://idp.example/keys", via=VIA),
    KeySetSource(uri="https://idp.example/other", via=None),
)


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_what_is_kept_comes_back(source: KeySetSource) -> None:
    assert read_kept(kept_text(source, KEYS)) == (source, public_keys(KEYS))


def test_each_source_has_a_name_of_its_own() -> None:
    assert len({kept_name(each) for each in SOURCES}) == len(SOURCES)
    assert all(kept_name(each).isalnum() for each in SOURCES)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", '{"uri": 1, "keys": ""}', kept_text(SOURCES[0], "nothing")])
def test_what_a_stranger_wrote_is_nothing(text: str) -> None:
    assert read_kept(text) is None


def test_what_a_provider_says_is_kept_apart_from_keys_at_the_same_place() -> None:
    keys, provider = (KeySetSource(uri="https://idp.example/x", via=None, is_provider=each) for each in (False, True))
    text = '{"authorization": "https://a/x", "token": "https://a/y", "end_session": ""}'
    assert read_kept(kept_text(provider, text)) == (provider, text)
    assert kept_name(keys) != kept_name(provider)
    assert read_kept(kept_text(provider, KEYS)) is None
    assert read_kept(kept_text(provider, text.replace("https://a/y", "file:///etc"))) is None
