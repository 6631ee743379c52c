import pytest

from tests.unit.api.documents import Document, problems
from tests.unit.policies import policy, target

EDGE = target("Gateway", "edge")
LATE = "must be AfterAuthentication with perClaims: a token says nothing before it has been looked at"
PROVIDER_KEYS = "spec.default.jwt.providers[0].keys"


def keyed(**keys: object) -> Document:
    provider = {"name": "corp", "issuer": "https://idp.example", "keys": keys}
    return policy("AccessPolicy", "x", EDGE, default={"jwt": {"providers": [provider]}})


def limited(**limit: object) -> Document:
    rate = {"limits": [{"requests": 1, "unit": "Hour", **limit}]}
    return policy("RoutePolicy", "x", EDGE, default={"rateLimit": rate})


BROKEN = [
    (keyed(), [f"{PROVIDER_KEYS}: must have one of inline, uri"]),
    (keyed(inline="{}", uri="https://idp.example/"), [f"{PROVIDER_KEYS}: must have one of inline, uri"]),
    (keyed(inline="{}", backendRef={"name": "s", "port": 80}), [f"{PROVIDER_KEYS}.backendRef: is for keys with a uri"]),
    (
        keyed(uri="http://idp.example/"),
        [f"{PROVIDER_KEYS}.uri: must be of the scheme https, unless a backendRef says who is asked"],
    ),
    (
        limited(perClaims=["sub"], at="BeforeAuthentication"),
        [f"spec.default.rateLimit.limits[0].at: {LATE}"],
    ),
]
GOOD = [
    keyed(inline="{}"),
    keyed(uri="https://idp.example/"),
    keyed(uri="http://idp.example:8080/keys", backendRef={"name": "s", "port": 80}),
    limited(perClaims=["sub"]),
    limited(perClaims=["sub"], at="AfterAuthentication"),
    limited(at="BeforeAuthentication"),
]


@pytest.mark.parametrize(("source", "expected"), BROKEN)
def test_broken(source: Document, expected: list[str]) -> None:
    assert problems(source) == expected


@pytest.mark.parametrize("source", GOOD)
def test_good(source: Document) -> None:
    assert problems(source) == []
