"""ExternalAuth: a server is asked before a request goes on, and without its consent none does.

https://gateway-api.sigs.k8s.io/geps/gep-1494/
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from envoy.service.auth.v3 import external_auth_pb2

from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.ports import free_port
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

HTTP = "protocol: HTTP, backendRef: {name: two, port: 80}"


def auth(config: str = f"{HTTP}, http: {{path: /check}}") -> str:
    return f"{{type: ExternalAuth, externalAuth: {{{config}}}}}"


def guarded(config: str = f"{HTTP}, http: {{path: /check}}", more: str = "") -> str:
    rules = f"""
- matches: [{{path: {{value: /secret}}}}]
  filters: [{auth(config)}{more}]
  backendRefs: [{{name: one, port: 80}}]
- backendRefs: [{{name: one, port: 80}}]
"""
    return http_route("r", rules, host="a.example")


def told(**headers: str) -> tuple[str, str]:
    """Return the request header by which the echoing server is told what to answer; it must be allowed."""
    return "x-echo-headers", json.dumps(headers)


async def test_a_request_goes_on_with_consent(world: World) -> None:
    await world.apply(guarded())

    answer = await world.ask("/secret/door?k=v", ("authorization", "Basic x"), ("cookie", "c=1"), host="a.example")

    assert (answer.status, answer.backend) == (200, "one")
    (asked,) = world.backends["two"].requests
    assert (asked.method, asked.path) == ("GET", "/check/secret/door?k=v")
    assert asked.all("host") == ["a.example"]
    assert asked.all("authorization") == ["Basic x"]
    assert asked.all("cookie") == []
    assert asked.all("content-length") in (["0"], [])


async def test_rules_without_it_are_not_asked_for(world: World) -> None:
    await world.apply(guarded())

    assert (await world.ask("/open", host="a.example")).status == 200
    assert world.backends["two"].requests == []


@pytest.mark.parametrize(("said", "got"), [("401", 401), ("302", 302), ("201", 201), ("500", 403), ("503", 403)])
async def test_anything_but_a_200_is_a_refusal(world: World, said: str, got: int) -> None:
    await world.apply(guarded(f"{HTTP}, http: {{allowedHeaders: [x-echo-status, x-echo-headers]}}"))

    answer = await world.ask("/secret", ("x-echo-status", said), told(location="/login"), host="a.example")

    assert answer.status == got
    assert world.backends["one"].requests == []
    if got == 302:
        assert answer.one("location") == "/login"


async def test_a_server_that_is_away_lets_nobody_in(world: World) -> None:
    await world.apply(
        service("away", free_port()), guarded("protocol: HTTP, backendRef: {name: away, port: 80}, http: {}")
    )

    assert (await world.ask("/secret", host="a.example")).status == 403
    assert world.backends["one"].requests == []


async def test_a_server_that_does_not_exist_lets_nobody_in(world: World) -> None:
    await world.apply(guarded("protocol: HTTP, backendRef: {name: nobody, port: 80}, http: {}"))

    assert (await world.ask("/secret", host="a.example")).status == 500
    assert (await world.ask("/open", host="a.example")).status == 200
    assert state(world.route("HTTPRoute shop/r")["ResolvedRefs"]) == (False, "BackendNotFound")
    assert [each.path for each in world.backends["one"].requests] == ["/open"]


async def test_headers_of_the_answer_reach_the_backend_but_for_those_that_frame_the_request(world: World) -> None:
    await world.apply(guarded(f"{HTTP}, http: {{allowedHeaders: [x-echo-headers]}}"))

    answer = await world.ask(
        "/secret", told(**{"x-user": "ann", "host": "evil.example"}), host="a.example", method="POST", body=b"four"
    )

    assert answer.echo["body"] == "four"
    assert answer.seen("x-user") == ["ann"]
    assert answer.seen("host") == ["a.example"]
    assert answer.seen("content-length") == ["4"]


async def test_only_allowed_headers_of_the_answer_reach_the_backend(world: World) -> None:
    config = f"{HTTP}, http: {{allowedHeaders: [x-echo-headers], allowedResponseHeaders: [X-User]}}"
    await world.apply(guarded(config))

    answer = await world.ask("/secret", told(**{"x-user": "ann", "x-other": "b"}), host="a.example")

    assert answer.seen("x-user") == ["ann"]
    assert answer.seen("x-other") == []


FORGED = (
    ("X-User", "root"), ("x-user", "admin"), ("x-group", "wheel"), ("X-Ext-Authz-Check-Result", "allowed"),
    ("x-envoy-auth-failure-mode-allowed", "false"), ("x-kept", "1"),
)  # fmt: skip


def says_user(seen: str = "x-echo-headers") -> str:
    return f"{HTTP}, http: {{allowedHeaders: [{seen}], allowedResponseHeaders: [X-User, x-group, Authorization]}}"


@pytest.mark.parametrize("where", ["rule", "backend"])
async def test_a_client_cannot_say_what_the_server_says(world: World, where: str) -> None:
    own = f"[{{name: one, port: 80, filters: [{auth(says_user())}]}}]"
    of_backend = http_route("r", f"- {{backendRefs: {own}}}", host="a.example")
    await world.apply(guarded(says_user()) if where == "rule" else of_backend)

    silent = await world.ask("/secret", *FORGED, ("authorization", "Basic x"), host="a.example")
    assert (silent.status, silent.backend) == (200, "one")
    assert silent.seen("x-user") == silent.seen("x-group") == silent.seen("x-ext-authz-check-result") == []
    assert silent.seen("x-envoy-auth-failure-mode-allowed") == []
    assert silent.seen("x-kept") == ["1"]
    # What the server is sent it has seen: it lets it through or writes it anew.
    assert silent.seen("authorization") == ["Basic x"]
    spoken = await world.ask("/secret", *FORGED, told(**{"x-user": "ann", "authorization": "y"}), host="a.example")
    assert (spoken.seen("x-user"), spoken.seen("x-group"), spoken.seen("authorization")) == (["ann"], [], ["y"])


async def test_what_the_server_is_sent_it_lets_through(world: World) -> None:
    await world.apply(guarded(says_user("X-USER")))

    answer = await world.ask("/secret", ("x-user", "root"), ("x-group", "wheel"), host="a.example")

    assert (answer.seen("x-user"), answer.seen("x-group")) == (["root"], [])
    (asked,) = world.backends["two"].requests
    assert (asked.all("x-user"), asked.all("x-group")) == (["root"], [])


async def test_rules_that_ask_nobody_leave_headers_alone(world: World) -> None:
    await world.apply(guarded(says_user()))

    assert (await world.ask("/open", ("x-user", "root"), host="a.example")).seen("x-user") == ["root"]


async def test_a_body_goes_along_when_asked_for(world: World) -> None:
    await world.apply(guarded(f"{HTTP}, http: {{}}, forwardBody: {{maxSize: 8}}"))

    short = await world.ask("/secret", host="a.example", method="POST", body=b"12345678")
    long = await world.ask("/secret", host="a.example", method="POST", body=b"123456789")

    assert (short.status, short.echo["body"]) == (200, "12345678")
    assert long.status == 413
    assert [each.body for each in world.backends["two"].requests] == [b"12345678"]


async def test_a_redirect_is_guarded_as_well(world: World) -> None:
    redirect = "{type: RequestRedirect, requestRedirect: {hostname: else.example}}"
    allowed = auth(f"{HTTP}, http: {{allowedHeaders: [x-echo-status]}}")
    await world.apply(http_route("r", f"- filters: [{allowed}, {redirect}]", host="a.example"))

    assert (await world.ask("/", host="a.example")).status == 302
    assert (await world.ask("/", ("x-echo-status", "401"), host="a.example")).status == 401


async def test_preflights_are_not_asked_for(world: World) -> None:
    cors = ", {type: CORS, cors: {allowOrigins: ['https://x.example'], allowMethods: [GET]}}"
    await world.apply(guarded(more=cors))
    asking = (("origin", "https://x.example"), ("access-control-request-method", "GET"))

    answer = await world.ask("/secret", *asking, host="a.example", method="OPTIONS")

    assert answer.one("access-control-allow-origin") == "https://x.example"
    assert world.backends["two"].requests == []


class _Server(grpc.GenericRpcHandler):
    """Consents to requests with `authorization: yes`; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        assert handler_call_details.method == "/envoy.service.auth.v3.Authorization/Check"
        return grpc.unary_unary_rpc_method_handler(
            self._check,
            request_deserializer=external_auth_pb2.CheckRequest.FromString,
            response_serializer=external_auth_pb2.CheckResponse.SerializeToString,
        )

    async def _check(self, request: Any, _context: Any) -> Any:
        self.asked.append(request.attributes.request.http)
        response = external_auth_pb2.CheckResponse()
        if dict(request.attributes.request.http.headers).get("authorization") == "yes":
            added = response.ok_response.headers.add()
            added.header.key, added.header.value = "x-user", "ann"
        else:
            response.status.code = 16
            response.denied_response.status.code = 401
        return response


@asynccontextmanager
async def authorization_server() -> AsyncIterator[tuple[_Server, int]]:
    handler, server = _Server(), grpc.aio.server()
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield handler, port
    finally:
        await server.stop(None)


async def test_by_grpc(world: World) -> None:
    async with authorization_server() as (server, port):
        await world.apply(
            service("auth", port), guarded("protocol: GRPC, backendRef: {name: auth, port: 80}, grpc: {}")
        )

        good = await world.ask("/secret", ("authorization", "yes"), ("x-more", "1"), host="a.example")
        bad = await world.ask("/secret", host="a.example")

    assert (good.status, good.seen("x-user")) == (200, ["ann"])
    assert bad.status == 401
    assert len(world.backends["one"].requests) == 1
    assert server.asked[0].path == "/secret"
    assert server.asked[0].headers["x-more"] == "1"


async def test_by_grpc_with_some_headers_and_the_body(world: World) -> None:
    async with authorization_server() as (server, port):
        config = "grpc: {allowedHeaders: [Authorization]}, forwardBody: {maxSize: 100}"
        await world.apply(
            service("auth", port), guarded(f"protocol: GRPC, backendRef: {{name: auth, port: 80}}, {config}")
        )

        good = await world.ask(
            "/secret", ("authorization", "yes"), ("x-more", "1"), host="a.example", method="POST", body=b"order"
        )

    assert good.status == 200
    assert server.asked[0].body == "order"
    assert "x-more" not in server.asked[0].headers


def shares(first: str, second: str, rule: str = "") -> str:
    """Return a route that sends half of the requests to each of two backends, which have filters of their own."""
    rules = f"""
- filters: [{rule}]
  backendRefs:
  - {{name: one, port: 80, filters: [{first}]}}
  - {{name: three, port: 80, filters: [{second}]}}
"""
    return http_route("r", rules, host="a.example")


HEARD = f"{HTTP}, http: {{path: /check, allowedHeaders: [x-echo-status, x-echo-headers, x-rule]}}"
REFUSE = ("x-echo-status", "401")
STAMP = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-sent-to, value: %s}]}}"
REWRITE = "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /%s}}}"


@pytest.mark.parametrize("more", [STAMP, REWRITE])
async def test_a_backend_asks_for_its_own_requests_alone(world: World, more: str) -> None:
    await world.apply(shares(f"{auth(HEARD)}, {more % 'one'}", more % "three"))

    answers = [await world.ask("/", host="a.example") for _ in range(30)]

    assert {each.status for each in answers} == {200}
    served = len(world.backends["one"].requests)
    assert 0 < served < 30
    assert len(world.backends["two"].requests) == served


async def test_a_backend_gets_nothing_without_consent(world: World) -> None:
    await world.apply(shares(auth(HEARD), auth(HEARD)))

    answers = [await world.ask("/", REFUSE, host="a.example") for _ in range(10)]

    assert {each.status for each in answers} == {401}
    assert world.backends["one"].requests == world.backends["three"].requests == []


async def test_a_backend_asks_after_its_rule(world: World) -> None:
    rule = auth(f"{HTTP}, http: {{path: /rule, allowedHeaders: [x-echo-headers]}}")
    await world.apply(shares(auth(HEARD), auth(HEARD), rule))

    consented = await world.ask("/", told(**{"x-rule": "yes"}), host="a.example")
    refused = await world.ask("/", told(**dict([REFUSE])), host="a.example")

    assert (consented.status, consented.seen("x-rule")) == (200, ["yes"])
    assert refused.status == 401
    asked = [(each.path, each.all("x-rule")) for each in world.backends["two"].requests]
    assert asked == [("/rule/", []), ("/check/", ["yes"]), ("/rule/", []), ("/check/", [])]


async def test_a_server_of_a_backend_that_does_not_exist_fails_its_share(world: World) -> None:
    nobody = auth("protocol: HTTP, backendRef: {name: nobody, port: 80}, http: {}")
    await world.apply(shares(nobody, STAMP % "three"))

    answers = {(each.status, each.backend) for each in [await world.ask("/", host="a.example") for _ in range(30)]}

    assert answers == {(500, None), (200, "three")}
    said = world.route("HTTPRoute shop/r")["ResolvedRefs"]
    assert state(said) == (False, "BackendNotFound")
    assert "spec.rules[0].backendRefs[0].filters[0].externalAuth.backendRef" in said.message
