"""The certificate of nodes: what it opens and what it does not, and a relay that shows it to a control plane."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
from envoy.service.discovery.v3 import discovery_pb2 as discovery

from gatewayd.ads.authorize import bound
from gatewayd.ads.listen import Certificates, TlsListener
from gatewayd.ads.relay.relay import Relay
from gatewayd.ads.relay.upstream import ControlPlaneChannel, RemoteControlPlane
from gatewayd.ads.server import AdsServer
from gatewayd.identity.certificates import node_identity
from gatewayd.ir.fleet import MESH_FLEET
from gatewayd.ir.mesh import NodeRedirect
from gatewayd.run.agent_options import AgentOptions, encoded
from gatewayd.run.exit_codes import CANNOT_START
from gatewayd.xds import resource as xds
from tests.feature.ads_rig import GATEWAY, WatchedFleet, snapshot
from tests.feature.harness.pki import Authority, Pair
from tests.feature.test_ads_access import DEADLINE, DELTA, channel, first_answer

OWNERS = xds.resource(xds.SECRET, "certificate/shop/web", b"\x0a\x03key")
MESHS = xds.resource(xds.CLUSTER, "shop/cart/80/http1", b"")


class Unredirected:
    """Redirects nothing."""

    async def redirect(self, redirects: frozenset[NodeRedirect], recalled: frozenset[NodeRedirect]) -> None:
        del redirects, recalled

    async def let_go(self) -> None:
        return

    def ended(self) -> None:
        return


class ControlPlane:
    """A control plane whose authority may change. `port`: where it listens."""

    def __init__(self) -> None:
        self.authority = Authority()
        self.port = 0
        self.fleet = WatchedFleet()
        self.fleet.publish(snapshot(OWNERS))
        self.fleet.publish(xds.snapshot(MESH_FLEET, [MESHS]))

    def certificates(self) -> Certificates:
        shown = self.authority.issue("localhost")
        return Certificates(chain=shown.chain, key=shown.key, client_authorities=self.authority.pem)

    def node(self) -> Pair:
        """Return a certificate of nodes."""
        return self.authority.issue(node_identity(MESH_FLEET), client=True)

    def write(self, folder: Path) -> None:
        """Write what the Secret of nodes holds."""
        shown = self.node()
        for name, text in (("ca.crt", self.authority.pem), ("tls.crt", shown.chain), ("tls.key", shown.key)):
            (folder / name).write_bytes(text)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        # One listening socket, and so one set of certificates, for as long as it serves.
        current = self.certificates()
        listener = TlsListener(host="127.0.0.1", port=self.port, certificates=lambda: current)
        server = AdsServer(self.fleet, (listener,), authorizer=bound(lambda _: None))
        await server.start()
        self.port = int(server.addresses[0].rpartition(":")[2])
        try:
            yield
        finally:
            await server.stop()


def clusters(response: bytes) -> list[str]:
    return [each.name for each in discovery.DeltaDiscoveryResponse.FromString(response).resources]


async def test_a_stolen_certificate_reads_the_mesh_and_no_secret() -> None:
    plane = ControlPlane()
    async with plane.serving(), channel(plane.port, plane.authority, plane.node()) as thief:
        assert clusters(await first_answer(thief, cluster=str(GATEWAY))) == [MESHS.name]
        call = thief.stream_stream(DELTA)()
        asked = discovery.DeltaDiscoveryRequest(
            node={"id": "thief", "cluster": str(GATEWAY)}, type_url=xds.SECRET, resource_names_subscribe=[OWNERS.name]
        )
        await call.write(asked.SerializeToString())
        async with asyncio.timeout(DEADLINE):
            answer = discovery.DeltaDiscoveryResponse.FromString(await call.read())
        assert (list(answer.resources), list(answer.removed_resources)) == ([], [OWNERS.name])
        call.cancel()


@asynccontextmanager
async def relayed(plane: ControlPlane, folder: Path) -> AsyncIterator[grpc.aio.Channel]:
    """Run the relay of an agent; give what an Envoy connects by."""
    to = RemoteControlPlane(host="localhost", port=plane.port, server_name="localhost", certificates=folder)
    relay = Relay(ControlPlaneChannel(to), Unredirected())
    await relay.start(folder / "x")
    try:
        async with grpc.aio.insecure_channel(f"unix:{folder / 'x'}") as envoy:
            yield envoy
    finally:
        await relay.stop()


async def test_an_envoy_without_a_certificate_is_told_by_the_agent_that_has_one(tmp_path: Path) -> None:
    plane = ControlPlane()
    plane.write(tmp_path)
    async with plane.serving(), relayed(plane, tmp_path) as envoy:
        assert clusters(await first_answer(envoy, cluster="node:mesh")) == [MESHS.name]


async def test_a_certificate_that_is_renewed_is_shown_from_the_next_stream_on(tmp_path: Path) -> None:
    plane = ControlPlane()
    plane.write(tmp_path)
    async with plane.serving():
        pass
    async with relayed(plane, tmp_path) as envoy:
        async with plane.serving():
            assert clusters(await first_answer(envoy)) == [MESHS.name]
        plane.authority = Authority()
        plane.write(tmp_path)
        async with plane.serving():
            assert clusters(await first_answer(envoy)) == [MESHS.name]


def test_the_process_says_why_it_cannot_begin(tmp_path: Path) -> None:
    options = AgentOptions(
        node="node-1",
        addresses=("10.0.0.1",),
        socket=str(tmp_path / "nowhere" / "x"),
        xds_host="localhost",
        xds_port=1,
        server_name="localhost",
        certificates=str(tmp_path),
        fails_closed=False,
        keeps_source=False,
        log_level="info",
    )
    words = [sys.executable, "-m", "gatewayd.run.agent", encoded(options)]
    ran = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    assert ran.returncode == CANNOT_START
    assert "gatewayd: cannot steer: ListenError: " in ran.stderr
