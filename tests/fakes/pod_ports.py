"""An API server that knows pods, forwards their ports and runs commands in them, as the kubelet does over websockets.

In: which pod has which port where. Out: its address. What it does not know is 404, what it is told to refuse is 403.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

NAMESPACE = "gatewayd-system"
PROXIES = "app.kubernetes.io/managed-by,gateway.networking.k8s.io/gateway-name"
NODE_PROXIES = "app.kubernetes.io/name=gatewayd-node"
_SUBPROTOCOL = "v4.channel.k8s.io"


@dataclass(slots=True)
class Pods:
    """Ports of this machine by pod; `forbidden` pods may not be reached, `gone` ones have nobody who listens."""

    ports: Mapping[str, int]
    label: str = "app.kubernetes.io/name=gatewayd"
    forbidden: frozenset[str] = frozenset()
    asked_for: list[tuple[str, str]] = field(default_factory=list)
    labels: Mapping[str, str] = field(default_factory=dict)
    run: Callable[[list[str]], tuple[bytes, str]] = lambda _command: (b"", "")
    """What a command writes, and why it fails, "" for success."""
    ended: Callable[[str], str] = lambda failure: json.dumps(
        {"status": "Failure", "message": failure} if failure else {"status": "Success"}
    )
    """The Status that ends a command."""
    gateways: tuple[str, ...] = ()
    """Names of Gateways in the namespace of the pods."""
    nodes: Mapping[str, str] = field(default_factory=dict)
    """Nodes of pods that are the proxies of a mesh."""
    proxies: Mapping[str, int] = field(default_factory=dict)
    """Ports of pods that are proxies, beside those of `label`."""
    logs: dict[str, list[str]] = field(default_factory=dict)
    """Lines by pod, each with its time in front; a connection that follows them ends when all have been sent."""

    def application(self) -> web.Application:
        application = web.Application()
        pods = "/api/v1/namespaces/{namespace}/pods"
        application.router.add_get(pods, self._list)
        gateways = f"/apis/gateway.networking.k8s.io/v1/namespaces/{NAMESPACE}/gateways"
        application.router.add_get(gateways, self._list_gateways)
        application.router.add_get(f"{pods}/{{pod}}/portforward", self._forward)
        application.router.add_get(f"{pods}/{{pod}}/exec", self._exec)
        application.router.add_get(f"{pods}/{{pod}}/log", self._log)
        return application

    async def _list(self, request: web.Request) -> web.Response:
        known = {PROXIES: self.proxies, self.label: self.ports, NODE_PROXIES: self.nodes}
        selected = known.get(request.query.get("labelSelector", ""), {})
        head = {"namespace": request.match_info["namespace"], "labels": dict(self.labels)}
        items = [
            {
                "metadata": {"name": name, **head},
                "spec": {"nodeName": self.nodes.get(name, "")},
                "status": {"phase": "Running"},
            }
            for name in selected
        ]
        items += [
            {"metadata": {"name": "done"}, "status": {"phase": "Succeeded"}},
            {
                "metadata": {"name": "ending", "deletionTimestamp": "2026-01-01T00:00:00Z"},
                "status": {"phase": "Running"},
            },
        ]
        return web.json_response({"items": items})

    async def _list_gateways(self, _request: web.Request) -> web.Response:
        if not self.gateways:
            raise web.HTTPForbidden(text="no")
        return web.json_response({"items": [{"metadata": {"name": name}} for name in self.gateways]})

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        pod, port = request.match_info["pod"], request.query["ports"]
        self.asked_for.append((pod, port))
        if pod in self.forbidden:
            raise web.HTTPForbidden(text="no")
        channels = web.WebSocketResponse(protocols=(_SUBPROTOCOL,))
        await channels.prepare(request)
        begin = int(port).to_bytes(2, "little")
        for channel in (b"\x00", b"\x01"):
            await channels.send_bytes(channel + begin)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", {**self.ports, **self.proxies}[pod])
        except OSError as error:
            await channels.send_bytes(b"\x01" + str(error).encode())
            await channels.close()
            return channels
        back = asyncio.create_task(_back(channels, reader))
        async for message in channels:
            if message.type is aiohttp.WSMsgType.BINARY and message.data[:1] == b"\x00":
                writer.write(message.data[1:])
        writer.close()
        await back
        return channels

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["pod"] in self.forbidden:
            raise web.HTTPForbidden(text="no")
        channels = web.WebSocketResponse(protocols=(_SUBPROTOCOL,))
        await channels.prepare(request)
        written, failure = self.run(request.query.getall("command"))
        for at in range(0, len(written), 1000):
            await channels.send_bytes(b"\x01" + written[at : at + 1000])
        if failure:
            await channels.send_bytes(b"\x02its words\n")
        await channels.send_bytes(b"\x03" + self.ended(failure).encode())
        await channels.close()
        return channels

    async def _log(self, request: web.Request) -> web.Response:
        pod, query = request.match_info["pod"], request.query
        if pod in self.forbidden:
            raise web.HTTPForbidden(text="no")
        assert (query["container"], query["timestamps"]) == ("envoy", "true")
        # Since a time means since its second.
        since = query.get("sinceTime", "").partition(".")[0]
        lines = [line for line in self.logs[pod] if line >= since]
        return web.Response(
            text="".join(f"{line}\n" for line in lines[-int(query.get("tailLines", len(lines) or 1)) :])
        )


async def _back(channels: web.WebSocketResponse, reader: asyncio.StreamReader) -> None:
    try:
        while data := await reader.read(65536):
            await channels.send_bytes(b"\x00" + data)
    except OSError:
        pass
    await channels.close()


@asynccontextmanager
async def pods_served(pods: Pods) -> AsyncIterator[str]:
    """Serve on loopback and give the URL."""
    runner = web.AppRunner(pods.application())
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextmanager
def in_background(serving: object) -> Iterator[object]:
    """Enter an asynchronous context on a loop in another thread, for tests of commands, which have none."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        entered = asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(60)  # type: ignore[attr-defined]
        try:
            yield entered
        finally:
            leaving = serving.__aexit__(None, None, None)  # type: ignore[attr-defined]
            asyncio.run_coroutine_threadsafe(leaving, loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def written_kubeconfig(folder: Path, url: str, namespace: str = "") -> Path:
    """Write a kubeconfig with the context "here", which is the current one."""
    context = {"cluster": "c", "user": "u", **({"namespace": namespace} if namespace else {})}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "mine"}}],
        "contexts": [{"name": "here", "context": context}],
        "current-context": "here",
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(document))
    return file
