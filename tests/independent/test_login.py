"""A login at an OpenID provider that has nothing to do with ours but the protocol: `make oidc-provider`.

It is certified by the OpenID Foundation, wants PKCE, asks for a name and for consent on pages of its own, and publishes
its endpoints, which is all that the policy knows of it. https://www.npmjs.com/package/oidc-provider
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.feature.harness import http1
from tests.feature.harness.issuers import Kept, becomes, fetching
from tests.feature.harness.logins import Browser
from tests.feature.harness.manifests import GATEWAY, http_route, service
from tests.feature.harness.policies import policy, target
from tests.feature.harness.ports import free_port
from tests.feature.harness.world import running_world
from tests.feature.test_policy_keys import secret

pytestmark = [pytest.mark.envoy]

FOLDER = Path(__file__).parents[2] / ".cache" / "oidc-provider"
"""Where `make oidc-provider` has installed it."""
DEADLINE = 30.0
SHOP = http_route("shop", "- {name: app, backendRefs: [{name: one, port: 80}]}", host="shop.example")
FORM = ("content-type", "application/x-www-form-urlencoded")


@asynccontextmanager
async def running_provider(redirect_uri: str) -> AsyncIterator[int]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "node", "provider.mjs", str(port), redirect_uri, cwd=FOLDER, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE):
            while b"Started" not in (line := await process.stdout.readline()):
                assert line, "the provider has ended"
        yield port
    finally:
        process.terminate()
        await process.wait()


def login(issuer: str) -> str:
    section = (
        f"oidc: {{issuer: '{issuer}', backendRef: {{name: idp, port: 80}}, clientID: shop, "
        "clientSecretRef: {name: client}, scopes: [email]}"
    )
    at = target("HTTPRoute", "shop", "app")
    return policy("AccessPolicy", "a", at, f"default: {{{section}}}", namespace="shop")


async def consented(start: str, user: str) -> str:
    """Log in on the provider's pages, which are two forms, and return where that leads in the end."""
    where, cookies = start, dict[str, str]()
    form: tuple[tuple[str, str], ...] = ()
    for _ in range(12):
        parts = urlsplit(where)
        if parts.hostname != "localhost":
            return where
        sent = [("cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()))] if cookies else []
        answer = await http1.ask(
            parts.port or 80,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            *sent,
            *((FORM,) if form else ()),
            host=parts.netloc,
            method="POST" if form else "GET",
            body=urlencode(form).encode(),
        )
        for line in answer.all("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            cookies[name] = value
        form = ()
        if answer.status in (302, 303):
            location = answer.one("location") or ""
            where = location if "://" in location else f"http://{parts.netloc}{location}"
            continue
        page = answer.body.decode()
        assert answer.status == 200, page
        (prompt,) = re.findall(r'name="prompt" value="(login|consent)"', page)
        (action,) = re.findall(r'<form [^>]*action="([^"]+)"', page)
        where = action if "://" in action else f"http://{parts.netloc}{action}"
        form = (("prompt", prompt), *((("login", user), ("password", "any")) if prompt == "login" else ()))
    raise AssertionError(f"the provider does not come to an end: {where}")


async def test_who_logs_in_at_an_independent_provider_comes_in() -> None:
    async with running_world() as world:
        await world.backend("one")
        await world.apply(GATEWAY, SHOP, secret("client", **{"client-secret": "a-secret-of-the-client"}))
        async with running_provider("http://shop.example/oauth2/callback") as port:
            await world.apply(service("idp", port), login(f"http://localhost:{port}"))
            async with fetching(world, Kept()):
                await becomes(world, lambda: any("ResolvedRefs" in each for each in _types(world)))
                browser = Browser(world.port("http"))
                sent = await browser.get("/app?k=v")
                assert sent.status == 302, sent.body
                end = urlsplit(await consented(sent.one("location") or "", "ann"))
                back = await browser.get(f"{end.path}?{end.query}")
                assert (back.status, back.one("location")) == (302, "http://shop.example/app?k=v"), back.body
                assert (await browser.get("/app?k=v")).status == 200
                # A code is good once.
                assert (await Browser(world.port("http")).get(f"{end.path}?{end.query}")).status == 401


def _types(world: object) -> list[str]:
    outcome = world.outcome("AccessPolicy shop/a")  # type: ignore[attr-defined]
    return [each.type for each in outcome.all_verdicts] if outcome is not None else []
