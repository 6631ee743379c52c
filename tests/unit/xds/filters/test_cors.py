import re

import pytest

from gatewayd.ir.filters import Cors
from gatewayd.xds.filters.cors import cors_policy


def cors(*origins: str, names: tuple[str, ...] = (), credentials: bool = False) -> Cors:
    return Cors(
        origins=origins, methods=names, allow_headers=names, expose_headers=names, max_age=0, credentials=credentials
    )


def accepts(configured: str, origin: str) -> bool:
    """Do what Envoy does with an Origin."""
    (matcher,) = cors_policy(cors(configured)).allow_origin_string_match
    if matcher.exact:
        return matcher.exact == "*" or (matcher.ignore_case and matcher.exact.lower() == origin.lower())
    return re.fullmatch(matcher.safe_regex.regex, origin) is not None


@pytest.mark.parametrize(
    ("configured", "origin", "accepted"),
    [
        ("*", "https://any.example:99", True),
        ("https://a.example", "https://a.example", True),
        ("https://A.example", "https://a.example", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://a.example:8443", False),
        ("https://a.example:443", "https://a.example", True),
        ("http://a.example:80", "http://a.example", True),
        ("http://a.example:443", "http://a.example:443", True),
        ("https://*.bar.com", "https://a.bar.com", True),
        ("https://*.bar.com", "https://a.b.bar.com", True),
        ("https://*.bar.com", "https://bar.com", False),
        ("https://*.bar.com", "https://foobar.com", False),
        ("https://*.bar.com", "https://a.barxcom", False),
        ("https://*.bar.com", "https://evil.example/.bar.com", False),
        ("https://*.bar.com", "https://a.bar.com:81", False),
        ("https://*.bar.com:81", "https://a.bar.com:81", True),
        ("https://*.bar.com", "*", False),
    ],
)
def test_origins(configured: str, origin: str, *, accepted: bool) -> None:
    assert accepts(configured, origin) is accepted


@pytest.mark.parametrize(
    ("names", "written"), [((), ""), (("GET",), "GET"), (("GET", "PUT"), "GET, PUT"), (("GET", "*"), "*")]
)
def test_lists(names: tuple[str, ...], written: str) -> None:
    policy = cors_policy(cors("*", names=names))
    assert (policy.allow_methods, policy.allow_headers, policy.expose_headers) == (written,) * 3


def test_the_rest() -> None:
    policy = cors_policy(cors("*", credentials=True))
    assert policy.max_age == "0"
    assert policy.allow_credentials.value
    assert policy.HasField("forward_not_matching_preflights")
    assert not policy.forward_not_matching_preflights.value
