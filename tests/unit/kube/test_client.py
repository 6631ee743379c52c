import json
from pathlib import Path

import msgspec
import pytest

from gatewayd.ir.limits import RETRY_LONGEST_SECONDS
from gatewayd.kube.access import AccessError
from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError
from gatewayd.kube.client import REQUEST_TIMEOUT, Where, connected
from tests.fakes.api_server import Answer, ApiServer, Cluster, Drop, Hole, Reply, busy, refused
from tests.fakes.documents import config_map, event
from tests.fakes.running import running
from tests.fakes.skipping_loop import clock, passes

PATH = "/api/v1/configmaps"


@pytest.mark.parametrize(
    ("where", "sub", "path"),
    [
        (Where(api_version="v1", plural="secrets", namespace="", name=""), "", "/api/v1/secrets"),
        (Where(api_version="v1", plural="secrets", namespace="a", name="b"), "", "/api/v1/namespaces/a/secrets/b"),
        (Where(api_version="apps/v1", plural="x", namespace="a", name=""), "", "/apis/apps/v1/namespaces/a/x"),
        (Where(api_version="g/v1", plural="xs", namespace="", name="b"), "status", "/apis/g/v1/xs/b/status"),
    ],
)
def test_where_things_are(where: Where, sub: str, path: str) -> None:
    assert where.path(sub) == path


async def test_a_request_carries_token_query_and_body(cluster: Cluster, server: ApiServer) -> None:
    server.script("PATCH", PATH, Reply(body={"fine": True}))
    data = await cluster.client.request(
        "PATCH", PATH, query=[("force", "true")], body={"a": [1]}, content="merge-patch+json"
    )
    assert json.loads(data) == {"fine": True}
    [request] = server.requests
    assert request.headers["authorization"] == "Bearer token-of-ours"
    assert request.headers["content-type"] == "application/merge-patch+json"
    assert (request.query, request.body) == ({"force": "true"}, {"a": [1]})


async def test_an_error_is_told_with_the_words_of_the_api_server(cluster: Cluster, server: ApiServer) -> None:
    server.script("GET", PATH, refused(403, "Forbidden", "not for you"))
    with pytest.raises(ApiError, match=r"^403 Forbidden: not for you") as raised:
        await cluster.client.request("GET", PATH)
    assert (raised.value.status, raised.value.reason) == (403, "Forbidden")


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0.0),
        ("7", 7.0),
        ("0", 0.0),
        ("60", 60.0),
        ("61", RETRY_LONGEST_SECONDS),
        ("9" * 5000, RETRY_LONGEST_SECONDS),
        ("-5", 0.0),
        ("1.5", 0.0),
        ("soon", 0.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0),
    ],
)
async def test_an_error_tells_when_the_api_server_wants_to_be_asked_again(
    cluster: Cluster, server: ApiServer, text: str, seconds: float, code: int
) -> None:
    server.script("GET", PATH, busy(text, code))
    with pytest.raises(ApiError) as raised:
        await cluster.client.request("GET", PATH)
    assert raised.value.retry_after == seconds


async def test_a_refused_watch_tells_when_to_ask_again_too(cluster: Cluster, server: ApiServer) -> None:
    server.script("WATCH", PATH, busy("7"))
    lines = Lines(cluster)
    await lines.read()
    assert isinstance(lines.error, ApiError)
    assert lines.error.retry_after == 7.0


async def test_an_error_of_something_in_between_is_told_too(cluster: Cluster, server: ApiServer) -> None:
    server.script("GET", PATH, Reply(status=502, body=b"<html>bad gateway \xff" + b"x" * 1000))
    with pytest.raises(ApiError, match=r"^502 : <html>bad gateway") as raised:
        await cluster.client.request("GET", PATH)
    assert len(str(raised.value)) < 250


class _Data(msgspec.Struct):
    data: dict[str, str]


async def test_an_object_is_read_as_what_is_wanted_of_it(cluster: Cluster, server: ApiServer) -> None:
    path = "/api/v1/namespaces/a/configmaps/b"
    assert await cluster.client.get(path, _Data) is None
    server.put(path, config_map("b", data="x"))
    found = await cluster.client.get(path, _Data)
    assert found is not None
    assert list(found.data.values()) == ["x"]


@pytest.mark.parametrize("answer", [refused(403), refused(503), Reply(body=b"<html>"), Hole()])
async def test_an_object_that_cannot_be_read_is_not_taken_for_none(
    cluster: Cluster, server: ApiServer, answer: Answer
) -> None:
    server.script("GET", PATH, answer)
    with pytest.raises((ApiError, *CONNECTION_ERRORS)):
        await cluster.client.get(PATH, _Data)


async def test_a_dropped_connection_is_a_connection_error(cluster: Cluster, server: ApiServer) -> None:
    server.script("PATCH", PATH, Drop())
    with pytest.raises(CONNECTION_ERRORS):
        await cluster.client.request("PATCH", PATH, body={})


async def test_no_answer_is_a_timeout(cluster: Cluster, server: ApiServer) -> None:
    server.script("GET", PATH, Hole())
    now = clock()
    began = now()
    with pytest.raises(TimeoutError):
        await cluster.client.request("GET", PATH)
    assert REQUEST_TIMEOUT - 1 <= now() - began <= REQUEST_TIMEOUT + 1


class Lines:
    """The lines of a watch, as they come."""

    def __init__(self, cluster: Cluster) -> None:
        self._client = cluster.client
        self.found: list[bytes] = []
        self.error: Exception | None = None

    async def read(self, quiet: float = 90.0) -> None:
        try:
            async with self._client.lines(PATH, [("watch", "true")], quiet) as lines:
                async for line in lines:
                    self.found.append(line)
        except (ApiError, *CONNECTION_ERRORS) as error:
            self.error = error


async def test_lines_come_whole_however_they_are_cut(cluster: Cluster, server: ApiServer) -> None:
    lines = Lines(cluster)
    async with running(lines.read()):
        await passes(0.1)
        for piece in (b'{"a"', b": 1}", b'\n{"b": 2}\n\n{"c"', b":3}\n", b'{"cut'):
            await server.watches[0].raw(piece)
            await passes(0.1)
        assert lines.found == [b'{"a": 1}', b'{"b": 2}', b'{"c":3}']
        server.watches[0].end()
        await passes(0.1)
    assert len(lines.found) == 3


async def test_a_line_may_have_five_megabytes(cluster: Cluster, server: ApiServer) -> None:
    lines = Lines(cluster)
    large = config_map("large", data="x" * 5_000_000)
    async with running(lines.read()):
        await passes(0.1)
        await server.watches[0].send(event("ADDED", large), event("DELETED", config_map("a")))
        await passes(30.0)
    assert [json.loads(each)["type"] for each in lines.found] == ["ADDED", "DELETED"]
    assert json.loads(lines.found[0])["object"] == large


async def test_a_silent_watch_ends(cluster: Cluster) -> None:
    lines = Lines(cluster)
    async with running(lines.read()):
        await passes(60.0)
        assert lines.error is None
        await passes(60.0)
        assert isinstance(lines.error, TimeoutError)


async def test_a_watch_that_is_heard_of_in_time_goes_on(cluster: Cluster, server: ApiServer) -> None:
    lines = Lines(cluster)
    async with running(lines.read()):
        for _ in range(5):
            await passes(60.0)
            await server.watches[0].raw(b"{}\n")
        await passes(1.0)
        assert (lines.error, len(lines.found)) == (None, 5)


async def test_a_refused_watch_is_an_api_error(cluster: Cluster, server: ApiServer) -> None:
    server.script("WATCH", PATH, refused(410, "Expired", "too old"))
    lines = Lines(cluster)
    await lines.read()
    assert isinstance(lines.error, ApiError)
    assert lines.error.status == 410


async def test_without_a_pod_or_a_kubeconfig_there_is_no_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(AccessError):
        async with connected(None):
            pass
    with pytest.raises(AccessError):
        async with connected(tmp_path / "none"):
            pass
