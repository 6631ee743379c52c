"""Mirrored requests: one, several, a share of them, and to backends that do not exist.

https://gateway-api.sigs.k8s.io/reference/spec/#httprequestmirrorfilter
"""

import pytest

from tests.feature.harness.manifests import http_route, service
from tests.feature.harness.statistics import plausible
from tests.feature.harness.world import World, state

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio(loop_scope="module")]


def mirrored(*mirrors: str, host: str = "mirror.example", more: str = "") -> str:
    filters = "".join(f"  - {{type: RequestMirror, requestMirror: {each}}}\n" for each in mirrors)
    return http_route(
        "mirror",
        f"- filters:\n  - <route:mirror>\n{filters}{more}  backendRefs: [{{name: one, port: 80}}]",
        host=host,
    )


TO_TWO = "{backendRef: {name: two, port: 80}}"


async def test_a_copy_of_the_whole_request_goes_to_the_mirror(world: World) -> None:
    await world.apply(mirrored(TO_TWO))

    answer = await world.ask("/a?b=c", ("x-mine", "1"), host="mirror.example", method="POST", body=b"text")

    assert answer.said == (200, "mirror", "one")
    copied = world.backends["two"]
    await copied.received(lambda seen: len(seen) == 1)
    (seen,) = copied.requests
    assert (seen.method, seen.path, seen.body, seen.all("x-mine")) == ("POST", "/a?b=c", b"text", ["1"])
    # The name is the client's own, with nothing appended.
    assert seen.all("host") == ["mirror.example"]
    assert seen.all("x-route") == ["mirror"]


async def test_the_answer_of_the_mirror_does_not_matter(world: World) -> None:
    await world.apply(mirrored(TO_TWO))
    hang = (("x-echo-hang", "1"), ("x-echo-key", "mirror"))
    # Both backends count the key for themselves, so one has to be past its hang already.
    world.backends["one"].tries["mirror"] = 1

    answer = await world.ask("/", *hang, host="mirror.example")

    assert answer.said == (200, "mirror", "one")
    await world.backends["two"].received(lambda seen: len(seen) == 1)


async def test_several_mirrors_each_get_a_copy(world: World) -> None:
    await world.apply(mirrored(TO_TWO, "{backendRef: {name: three, port: 80}}"))

    for number in range(20):
        assert (await world.ask(f"/{number}", host="mirror.example")).said == (200, "mirror", "one")

    for name in ("two", "three"):
        await world.backends[name].received(lambda seen: len(seen) == 20)
    assert len(world.backends["one"].requests) == 20


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        ("percent: 20", 0.2),
        ("percent: 0", 0.0),
        ("percent: 100", 1.0),
        ("fraction: {numerator: 1, denominator: 4}", 0.25),
        ("fraction: {numerator: 35}", 0.35),
        ("fraction: {numerator: 0, denominator: 3}", 0.0),
        ("fraction: {numerator: 3, denominator: 3}", 1.0),
    ],
)
async def test_a_share_of_the_requests(world: World, share: str, expected: float) -> None:
    await world.apply(mirrored(f"{{backendRef: {{name: two, port: 80}}, {share}}}"))

    connection = await world.connect()
    for _ in range(500):
        assert (await connection.ask("/", host="mirror.example")).said == (200, "mirror", "one")
    await connection.close()

    # One more that is mirrored for certain: it arrives after all others, on a connection of the same worker.
    await world.apply(mirrored(TO_TWO))
    await world.ask("/last", host="mirror.example")
    await world.backends["two"].received(lambda seen: any(each.path == "/last" for each in seen))
    count = sum(each.path == "/" for each in world.backends["two"].requests)
    assert plausible(count, 500, expected), count


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("{name: missing, port: 80}", "BackendNotFound"),
        ("{name: two, port: 4711}", "BackendNotFound"),
        ("{name: two, kind: Pod, port: 80}", "InvalidKind"),
        ("{name: two, namespace: other, port: 80}", "RefNotPermitted"),
    ],
)
async def test_a_mirror_that_leads_nowhere_disturbs_nobody(world: World, target: str, reason: str) -> None:
    await world.apply(mirrored(f"{{backendRef: {target}}}", TO_TWO))

    assert (await world.ask("/", host="mirror.example")).said == (200, "mirror", "one")

    said = world.route("HTTPRoute shop/mirror")
    assert state(said["Accepted"]) == (True, "Accepted")
    assert state(said["ResolvedRefs"]) == (False, reason)
    assert "spec.rules[0].filters[1].requestMirror.backendRef" in said["ResolvedRefs"].message
    # The good mirror beside it gets its copy.
    await world.backends["two"].received(lambda seen: len(seen) == 1)


async def test_a_mirror_without_endpoints_disturbs_nobody(world: World) -> None:
    await world.apply(service("empty"), mirrored("{backendRef: {name: empty, port: 80}}"))

    assert (await world.ask("/", host="mirror.example")).said == (200, "mirror", "one")
    assert state(world.route("HTTPRoute shop/mirror")["ResolvedRefs"]) == (True, "ResolvedRefs")


async def test_mirrored_requests_have_the_rules_headers_and_path(world: World) -> None:
    path = "path: {type: ReplaceFullPath, replaceFullPath: /full}"
    rewrite = f"  - {{type: URLRewrite, urlRewrite: {{hostname: inner.example, {path}}}}}\n"
    await world.apply(mirrored(TO_TWO, more=rewrite))

    answer = await world.ask("/a", host="mirror.example")

    assert answer.said == (200, "mirror", "one")
    await world.backends["two"].received(lambda seen: len(seen) == 1)
    (seen,) = world.backends["two"].requests
    assert (seen.path, seen.all("host")) == (answer.echo["path"], answer.seen("host")) == ("/full", ["inner.example"])


async def test_a_backend_may_have_a_mirror_of_its_own(world: World) -> None:
    mirror = "{type: RequestMirror, requestMirror: {backendRef: {name: three, port: 80}}}"
    rules = f"""
- filters: [<route:mirror>, {{type: RequestMirror, requestMirror: {TO_TWO}}}]
  backendRefs:
  - {{name: one, port: 80, filters: [{mirror}]}}
  - {{name: nobody, port: 80}}
"""
    await world.apply(http_route("mirror", rules, host="mirror.example"))

    answers = [await world.ask("/", host="mirror.example") for _ in range(30)]

    served = len(world.backends["one"].requests)
    assert 0 < served < 30
    assert sorted(each.status for each in answers) == [200] * served + [500] * (30 - served)
    for name in ("two", "three"):
        await world.backends[name].received(lambda seen: len(seen) == served)
        assert len(world.backends[name].requests) == served
