"""A route cannot say where a message ends: connections to a backend are shared with the routes of others.

https://www.rfc-editor.org/rfc/rfc9112#section-11.2
"""

import pytest

from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]

BACKENDS = ("one", "auth")
SMUGGLED = b"helloGET /smuggled HTTP/1.1\r\nHost: evil.example\r\n\r\n"
VICTIM = http_route("victim", "- {filters: [<route:victim>], backendRefs: [{name: one, port: 80}]}", host="b.example")


def modifier(kind: str, change: str) -> str:
    return f"{{type: {kind}, {kind[0].lower()}{kind[1:]}: {{{change}}}}}"


def of_rule(change: str, kind: str = "RequestHeaderModifier") -> str:
    return f"- {{filters: [{modifier(kind, change)}], backendRefs: [{{name: one, port: 80}}]}}"


def of_backend(change: str, kind: str = "RequestHeaderModifier") -> str:
    return f"- {{backendRefs: [{{name: one, port: 80, filters: [{modifier(kind, change)}]}}]}}"


async def attacked(world: World, rules: str) -> tuple[Answer, Answer]:
    """Return what the attacker is answered, and then somebody else."""
    await world.apply(VICTIM, http_route("attacker", rules, host="a.example"))
    answer = await world.ask("/", host="a.example", method="POST", body=SMUGGLED)
    return answer, await world.ask("/victim", host="b.example")


@pytest.mark.parametrize(
    "rules",
    [
        of_rule("set: [{name: Content-Length, value: '5'}]"),
        of_rule("set: [{name: content-length, value: '0'}]"),
        of_rule("add: [{name: CONTENT-LENGTH, value: '5'}]"),
        of_rule("remove: [Content-Length]"),
        of_rule("set: [{name: Transfer-Encoding, value: chunked}]"),
        of_rule("add: [{name: transfer_encoding, value: chunked}], set: [{name: x-a, value: b}]"),
        of_rule("set: [{name: Connection, value: 'close, content-length'}]"),
        of_rule("set: [{name: Upgrade, value: websocket}, {name: x-a, value: b}]"),
        of_rule("set: [{name: HTTP2-Settings, value: AAMAAABkAAQAAP__}]"),
        of_rule("set: [{name: TE, value: trailers}]"),
        of_rule("set: [{name: Expect, value: 100-continue}]"),
        of_rule("set: [{name: X-Gatewayd-Scope, value: x}]"),
        of_rule("set: [{name: X-Envoy-Retry-On, value: 5xx}]"),
        of_rule("add: [{name: Host, value: inner.example}]"),
        of_rule("remove: [host]"),
        of_rule("remove: [':path']"),
        of_rule("set: [{name: Host, value: 'a b'}]"),
        of_rule("set: [{name: Content-Length, value: '5'}]", "ResponseHeaderModifier"),
        of_rule("remove: [transfer-encoding]", "ResponseHeaderModifier"),
        of_rule("set: [{name: Connection, value: close}]", "ResponseHeaderModifier"),
        of_backend("set: [{name: Content-Length, value: '5'}]"),
        of_backend("remove: [Content-Length]"),
        of_backend("add: [{name: Transfer-Encoding, value: chunked}]", "ResponseHeaderModifier"),
        "- {sessionPersistence: {type: Header, sessionName: Content-Length}, backendRefs: [{name: one, port: 80}]}",
    ],
)
async def test_nothing_that_frames_a_message_can_be_changed(world: World, rules: str) -> None:
    attacker, victim = await attacked(world, rules)

    # A route of nothing but such rules is not accepted.
    assert (attacker.status, attacker.backend) == (404, None)
    assert (victim.said, victim.echo["path"]) == ((200, "victim", "one"), "/victim")
    assert [each.path for each in world.backends["one"].requests] == ["/victim"]
    said = world.route("HTTPRoute shop/attacker")["Accepted"]
    assert state(said) == (False, "UnsupportedValue")
    assert said.message.startswith("spec.rules[0].")


async def test_other_rules_of_the_route_go_on(world: World) -> None:
    rules = of_rule("set: [{name: Content-Length, value: '5'}]").replace("- {", "- {matches: [{path: {value: /bad}}], ")
    answer, victim = await attacked(
        world, rules + "\n- {filters: [<route:good>], backendRefs: [{name: one, port: 80}]}"
    )

    assert answer.said == (200, "good", "one")
    assert answer.echo["body"].encode() == SMUGGLED
    assert victim.said == (200, "victim", "one")
    assert (await world.ask("/bad", host="a.example")).status == 500
    assert state(world.route("HTTPRoute shop/attacker")["PartiallyInvalid"]) == (True, "UnsupportedValue")


async def test_an_authorisation_server_is_not_told_how_the_request_was_framed(world: World) -> None:
    """Its connections are shared, too, and a check has a body of its own or none."""
    names = "transfer-encoding, Connection, Upgrade, content-length, x-plain"
    asks = f"{{protocol: HTTP, backendRef: {{name: auth, port: 80}}, http: {{allowedHeaders: [{names}]}}}}"
    rule = f"- {{filters: [{{type: ExternalAuth, externalAuth: {asks}}}], backendRefs: [{{name: one, port: 80}}]}}"
    await world.apply(http_route("asking", rule, host="a.example"))
    sent = b"POST / HTTP/1.1\r\nhost: a.example\r\nx-plain: 1\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"

    connection = await world.connect()
    connection.writer.write(sent)
    answer = await connection.answer()

    assert (answer.status, answer.backend) == (200, "one")
    (check,) = world.backends["auth"].requests
    assert check.all("x-plain") == ["1"]
    assert check.all("transfer-encoding") == check.all("connection") == []
    assert check.all("content-length") == ["0"]


async def test_an_authorisation_server_cannot_be_told_to_frame_the_request(world: World) -> None:
    http = "{allowedResponseHeaders: [x-user, Content-Length]}"
    asks = f"{{protocol: HTTP, backendRef: {{name: auth, port: 80}}, http: {http}}}"
    attacker, victim = await attacked(
        world, f"- {{filters: [{{type: ExternalAuth, externalAuth: {asks}}}], backendRefs: [{{name: one, port: 80}}]}}"
    )

    # A route of nothing but such rules is not accepted.
    assert (attacker.status, attacker.backend) == (404, None)
    assert (victim.said, victim.echo["path"]) == ((200, "victim", "one"), "/victim")
    said = world.route("HTTPRoute shop/attacker")["Accepted"]
    assert "externalAuth.http.allowedResponseHeaders[1]" in said.message
