"""AccessPolicy, sections jwt and authorization, with a real Envoy and tokens that are really signed."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.feature.harness.manifests import http_route
from tests.feature.harness.policies import drains, policy, target
from tests.feature.harness.tokens import ISSUER, Provider
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

PROVIDER, STRANGER = Provider(), Provider()
SHOP = http_route("shop", "- {name: rest, backendRefs: [{name: one, port: 80}]}", host="shop.example")
OTHER = http_route("other", "- {backendRefs: [{name: two, port: 80}]}", host="*.other.example")
EDGE = target("Gateway", "edge")


def provider(keys: str = PROVIDER.keys, name: str = "corp", issuer: str = ISSUER) -> str:
    claims = "[{claim: sub, header: x-user}]"
    return (
        f"{{name: {name}, issuer: '{issuer}', audiences: [shop], keys: {{inline: '{keys}'}}, claimHeaders: {claims}}}"
    )


def login(*providers: str, more: str = "", at: str = EDGE, namespace: str = "infra", name: str = "login") -> str:
    given = ", ".join(providers or (provider(),))
    section = f"default: {{jwt: {{providers: [{given}]{more}}}}}"
    return policy("AccessPolicy", name, at, section, namespace=namespace)


async def with_token(world: World, token: str | None, *more: tuple[str, str], host: str = "shop.example") -> Any:
    sent = (("authorization", f"Bearer {token}"),) if token is not None else ()
    return await world.ask("/", *sent, *more, host=host)


@pytest.mark.parametrize("host", ["shop.example", "SHOP.example", "a.other.example"])
async def test_a_good_token_and_no_other(world: World, host: str) -> None:
    """Hosts by name, in capitals and below a wildcard are found in different ways where routes are found by host."""
    await world.apply(SHOP, OTHER)
    before = await drains(world)
    await world.apply(login())
    assert await drains(world) == before

    assert (await with_token(world, PROVIDER.token(), host=host)).status == 200
    bad = (
        None,
        "nonsense",
        STRANGER.token(),
        PROVIDER.token(iss="https://other.example"),
        PROVIDER.token(exp=1),
        PROVIDER.token()[:-4],
    )
    for token in bad:
        answer = await with_token(world, token, host=host)
        assert answer.status == 401
        assert answer.body == b""
    # Whose token is good for somebody else is known, and not let in.
    assert (await with_token(world, PROVIDER.token(aud="other"), host=host)).status == 403


async def test_backends_are_told_what_the_token_says_and_not_what_the_client_does(world: World) -> None:
    await world.apply(SHOP, login(more=", optional: true"))
    one = world.backends["one"]

    for token, expected in ((PROVIDER.token(), "ann"), (None, None)):
        one.requests.clear()
        answer = await with_token(world, token, ("x-user", "root"), ("X-User", "admin"))
        assert answer.status == 200
        (seen,) = one.requests
        assert [value for name, value in seen.headers if name.lower() == "x-user"] == ([expected] if expected else [])
    assert (await with_token(world, "nonsense")).status == 401


async def test_of_several_providers_one_is_enough(world: World) -> None:
    await world.apply(SHOP, login(provider(), provider(STRANGER.keys, "partner", "https://partner.example")))
    assert (await with_token(world, PROVIDER.token())).status == 200
    assert (await with_token(world, STRANGER.token(iss="https://partner.example"))).status == 200
    assert (await with_token(world, STRANGER.token())).status == 401


async def test_new_keys_count_and_old_ones_do_not(world: World) -> None:
    await world.apply(SHOP, login())
    before = await drains(world)
    await world.apply(login(provider(STRANGER.keys)))
    assert (await with_token(world, PROVIDER.token())).status == 401
    assert (await with_token(world, STRANGER.token())).status == 200
    assert await drains(world) == before


UNREADABLE = (
    "none",
    "{}",
    '{"keys": []}',
    '{"keys": [{"kty": "oct", "k": "AAAA"}]}',
    '{"keys": [{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}]}',
    '{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}',
)


@pytest.mark.parametrize("keys", UNREADABLE)
async def test_keys_that_cannot_be_read_close_the_scope_and_nothing_else(world: World, keys: str) -> None:
    bad = login(provider(keys), at=target("HTTPRoute", "shop"), namespace="shop")
    await world.apply(SHOP, OTHER, bad)
    assert (await with_token(world, PROVIDER.token())).status == 500
    assert (await with_token(world, None, host="a.other.example")).status == 200
    outcome: Any = world.outcome("AccessPolicy shop/login")
    ((verdict,),) = [each.verdicts for each in outcome.ancestors]
    assert (verdict.status, verdict.reason) == (False, "Invalid")
    assert "AAAA" not in verdict.message


GENERATED = ("RSA", "P-384", "P-521", "Ed25519")


def generated(kind: str) -> str:
    """Return a key set of one new key."""
    if kind == "RSA":
        numbers = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key().public_numbers()
        key = {"kty": "RSA", "alg": "RS256", "n": text(numbers.n, 256), "e": "AQAB"}
    elif kind == "Ed25519":
        raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        key = {"kty": "OKP", "crv": kind, "x": text(int.from_bytes(raw, "big"), 32)}
    else:
        curve = ec.SECP384R1() if kind == "P-384" else ec.SECP521R1()
        point = ec.generate_private_key(curve).public_key().public_numbers()
        size = (curve.key_size + 7) // 8
        key = {"kty": "EC", "crv": kind, "x": text(point.x, size), "y": text(point.y, size)}
    return json.dumps({"keys": [key]})


def text(number: int, size: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).rstrip(b"=").decode()


async def test_every_type_of_key_that_is_taken_is_one_that_envoy_takes(world: World) -> None:
    keys = [json.loads(each)["keys"][0] for each in (PROVIDER.keys, *map(generated, GENERATED))]
    beside = [{"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA"}, {"kty": "RSA", "use": "enc"}]
    for given in (*([each] for each in keys), keys, [*beside, *keys]):
        await world.apply(SHOP, login(provider(json.dumps({"keys": given}))))
        assert (await with_token(world, None)).status == 401
    assert (await with_token(world, PROVIDER.token())).status == 200


async def test_claims_without_a_token_in_force_close(world: World) -> None:
    asking = "default: {authorization: {deny: [{claims: [{name: sub, values: [bob]}]}]}}"
    await world.apply(SHOP, policy("AccessPolicy", "claims", EDGE, asking, namespace="infra"))
    assert (await with_token(world, PROVIDER.token())).status == 500
    await world.apply(login())
    assert (await with_token(world, PROVIDER.token())).status == 200
    assert (await with_token(world, PROVIDER.token(sub="bob"))).status == 403


@pytest.mark.parametrize(
    ("conditions", "path", "headers", "method", "status"),
    [
        ("deny: [{paths: [/admin]}]", "/admin", (), "GET", 403),
        ("deny: [{paths: [/admin]}]", "/admin?x=1", (), "GET", 403),
        ("deny: [{paths: [/admin]}]", "/admin/users", (), "GET", 403),
        ("deny: [{paths: [/admin]}]", "/a/../admin/", (), "GET", 403),
        ("deny: [{paths: [/admin]}]", "//admin", (), "GET", 403),
        ("deny: [{paths: [/admin]}]", "/%61dmin", (), "GET", 403),
        ("deny: [{paths: [/admin]}]", "/administer", (), "GET", 200),
        ("deny: [{paths: [/]}]", "/", (), "GET", 403),
        ("allow: [{methods: [GET, HEAD]}]", "/", (), "GET", 200),
        ("allow: [{methods: [GET, HEAD]}]", "/", (), "POST", 403),
        ("allow: [{headers: [{name: X-Team, values: [red, blue]}]}]", "/", (("x-team", "blue"),), "GET", 200),
        ("allow: [{headers: [{name: X-Team, values: [red, blue]}]}]", "/", (("x-team", "green"),), "GET", 403),
        ("allow: [{headers: [{name: x-team, values: [red]}], methods: [PUT]}]", "/", (("x-team", "red"),), "GET", 403),
        ("allow: [{methods: [PUT]}, {paths: [/open]}]", "/open", (), "GET", 200),
        ("allow: [{methods: [GET]}], deny: [{paths: [/x]}]", "/x", (), "GET", 403),
    ],
)
async def test_conditions(
    world: World, conditions: str, path: str, headers: tuple[tuple[str, str], ...], method: str, status: int
) -> None:
    sections = f"default: {{authorization: {{{conditions}}}}}"
    await world.apply(SHOP, policy("AccessPolicy", "may", EDGE, sections, namespace="infra"))
    assert (await world.ask(path, *headers, method=method)).status == status
