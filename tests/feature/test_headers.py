"""Header modifiers of rules and of single backendRefs, for requests and responses.

https://gateway-api.sigs.k8s.io/reference/spec/#httpheaderfilter
"""

import json

import pytest

from tests.feature.harness.http1 import Answer
from tests.feature.harness.manifests import http_route
from tests.feature.harness.world import World

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


def returned(**headers: object) -> tuple[str, str]:
    """Return the request header that makes the backend answer with these."""
    return ("x-echo-headers", json.dumps({name.replace("_", "-"): value for name, value in headers.items()}))


REQUEST = http_route(
    "request",
    """
- filters:
  - type: RequestHeaderModifier
    requestHeaderModifier:
      set: [{name: X-Route, value: request}, {name: X-Set, value: fresh}]
      add: [{name: X-Add, value: more}]
      remove: [X-Gone, x-also-gone]
  backendRefs: [{name: one, port: 80}]
""",
    host="request.example",
)


async def test_request_headers_are_set_added_and_removed(world: World) -> None:
    await world.apply(REQUEST)

    answer = await world.ask(
        "/",
        ("x-set", "stale"),
        ("x-set", "staler"),
        ("x-add", "first"),
        ("x-gone", "1"),
        ("X-ALSO-GONE", "1"),
        ("x-kept", "1"),
        host="request.example",
    )

    assert answer.said == (200, "request", "one")
    assert answer.seen("x-set") == ["fresh"]
    assert ",".join(answer.seen("x-add")).replace(" ", "") == "first,more"
    assert answer.seen("x-gone") == answer.seen("x-also-gone") == []
    assert answer.seen("x-kept") == ["1"]


async def test_request_headers_that_the_client_did_not_send(world: World) -> None:
    await world.apply(REQUEST)

    answer = await world.ask(host="request.example")

    assert answer.said == (200, "request", "one")
    assert (answer.seen("x-set"), answer.seen("x-add"), answer.seen("x-gone")) == (["fresh"], ["more"], [])


async def test_response_headers_are_set_added_and_removed(world: World) -> None:
    await world.apply(
        http_route(
            "response",
            """
- filters:
  - <route:response>
  - type: ResponseHeaderModifier
    responseHeaderModifier:
      set: [{name: X-Set, value: fresh}]
      add: [{name: X-Add, value: more}]
      remove: [X-Gone, x-absent]
  backendRefs: [{name: one, port: 80}]
""",
            host="response.example",
        )
    )

    answer = await world.ask(
        "/", returned(x_set=["stale", "staler"], x_add="first", x_gone="1", x_kept="1"), host="response.example"
    )

    assert answer.said == (200, "response", "one")
    assert answer.all("x-set") == ["fresh"]
    assert ",".join(answer.all("x-add")).replace(" ", "") == "first,more"
    assert answer.all("x-gone") == []
    assert answer.all("x-kept") == ["1"]
    assert answer.seen("x-set") == []


LITERALS = [
    "100%",
    "%",
    "%%",
    "%REQ(:path)%",
    "%DOWNSTREAM_REMOTE_ADDRESS%",
    "a % b %C3%A9",
    "%START_TIME",
    "$1 ${x} \\1",
]


@pytest.mark.parametrize("value", LITERALS)
async def test_values_are_literal(world: World, value: str) -> None:
    quoted = "'" + value + "'"
    await world.apply(
        http_route(
            "literal",
            f"""
- filters:
  - type: RequestHeaderModifier
    requestHeaderModifier:
      set: [{{name: x-route, value: literal}}, {{name: x-set, value: {quoted}}}]
      add: [{{name: x-add, value: {quoted}}}]
  - type: ResponseHeaderModifier
    responseHeaderModifier:
      set: [{{name: x-set, value: {quoted}}}]
      add: [{{name: x-add, value: {quoted}}}]
  backendRefs: [{{name: one, port: 80}}]
""",
            host="literal.example",
        )
    )

    answer = await world.ask("/secret", host="literal.example")

    assert answer.said == (200, "literal", "one")
    assert (answer.seen("x-set"), answer.seen("x-add")) == ([value], [value])
    assert (answer.all("x-set"), answer.all("x-add")) == ([value], [value])


BACKENDS = ("one", "two", "three")

PER_BACKEND = http_route(
    "split",
    """
- filters:
  - type: RequestHeaderModifier
    requestHeaderModifier: {set: [{name: x-route, value: split}, {name: x-who, value: rule}]}
  - type: ResponseHeaderModifier
    responseHeaderModifier: {set: [{name: x-who, value: rule}]}
  backendRefs:
  - name: one
    port: 80
    weight: 1
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: x-who, value: backend-one}], add: [{name: x-only, value: one}]}
    - type: ResponseHeaderModifier
      responseHeaderModifier: {add: [{name: x-only, value: one}], remove: [x-gone]}
  - name: two
    port: 80
    weight: 1
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {remove: [x-gone]}
""",
    host="split.example",
)


async def answers_of_both(world: World, host: str, *headers: tuple[str, str]) -> dict[str, Answer]:
    """Ask until both backends have answered; 64 requests all to one of them are less likely than 1 in 10**18."""
    found: dict[str, Answer] = {}
    for _ in range(64):
        answer = await world.ask("/", *headers, host=host)
        found[answer.backend or "nobody"] = answer
        if len(found) == 2:
            break
    return found


async def test_modifiers_of_a_backendref_apply_to_its_share_alone(world: World) -> None:
    await world.apply(PER_BACKEND)

    found = await answers_of_both(world, "split.example", ("x-gone", "1"), returned(x_gone="1"))

    assert found.keys() == {"one", "two"}
    one, two = found["one"], found["two"]
    assert one.route == two.route == "split"
    # The rule's modifiers come first, then the backendRef's: they have the last word.
    assert one.seen("x-who") == ["backend-one"]
    assert two.seen("x-who") == ["rule"]
    assert (one.seen("x-only"), two.seen("x-only")) == (["one"], [])
    assert (one.seen("x-gone"), two.seen("x-gone")) == (["1"], [])
    assert (one.all("x-only"), two.all("x-only")) == (["one"], [])
    assert (one.all("x-gone"), two.all("x-gone")) == ([], ["1"])
    assert one.all("x-who") == two.all("x-who") == ["rule"]


async def test_modifiers_of_the_only_backendref(world: World) -> None:
    await world.apply(
        http_route(
            "single",
            """
- backendRefs:
  - name: one
    port: 80
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: x-route, value: single}], remove: [x-gone]}
    - type: ResponseHeaderModifier
      responseHeaderModifier: {set: [{name: x-back, value: single}]}
""",
            host="single.example",
        )
    )

    answer = await world.ask("/", ("x-gone", "1"), host="single.example")

    assert answer.said == (200, "single", "one")
    assert answer.seen("x-gone") == []
    assert answer.all("x-back") == ["single"]


async def test_setting_host_is_a_rewrite_of_the_host(world: World) -> None:
    await world.apply(
        http_route(
            "host",
            """
- filters:
  - type: RequestHeaderModifier
    requestHeaderModifier: {set: [{name: x-route, value: host}, {name: Host, value: inner.example}]}
  backendRefs: [{name: one, port: 80}]
""",
            host="host.example",
        )
    )

    answer = await world.ask(host="host.example")

    assert answer.said == (200, "host", "one")
    assert answer.seen("host") == ["inner.example"]


async def test_redirects_carry_response_headers_of_their_rule(world: World) -> None:
    await world.apply(
        http_route(
            "away",
            """
- filters:
  - type: RequestRedirect
    requestRedirect: {hostname: other.example}
  - <tag:away>
""",
            host="away.example",
        )
    )

    answer = await world.ask(host="away.example")

    assert (answer.status, answer.one("x-route")) == (302, "away")


async def test_what_a_client_claims_about_its_origin_is_not_passed_on(world: World) -> None:
    await world.apply(REQUEST)

    answer = await world.ask(
        "/", ("x-forwarded-proto", "https"), ("x-envoy-original-path", "/admin"), host="request.example"
    )

    assert answer.said == (200, "request", "one")
    assert answer.seen("x-forwarded-proto") == ["http"]
    assert answer.seen("x-envoy-original-path") == []
