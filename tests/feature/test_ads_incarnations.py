"""A Gateway that is deleted, and made anew under the same name: whose certificates count, and what ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import grpc

from gatewayd.ads.authorize import Incarnation, bound
from gatewayd.ads.listen import TlsListener
from gatewayd.ads.server import AdsServer
from gatewayd.identity.certificates import gateway_identity
from gatewayd.ir.fleet import GatewayFleet
from gatewayd.xds import resource as xds
from tests.feature.ads_rig import WatchedFleet
from tests.feature.harness.pki import Authority
from tests.feature.test_ads_access import DELTA, STATUS, certificates, channel
from tests.feature.test_ads_limits import asking, begun, refused, taken

GATEWAY, OTHER = GatewayFleet(namespace="shop", name="edge"), GatewayFleet(namespace="shop", name="other")


@dataclass(slots=True)
class Rig:
    """A server that knows the objects that a test says there are."""

    fleet: WatchedFleet
    authority: Authority
    incarnations: dict[GatewayFleet, Incarnation]
    port: int = 0
    server: AdsServer = field(init=False)

    def connect(self, gateway: GatewayFleet, uid: str) -> grpc.aio.Channel:
        return channel(self.port, self.authority, self.authority.issue(gateway_identity(gateway, uid), client=True))

    def make(self, gateway: GatewayFleet, uid: str, created: str = "2020-01-01T00:00:00Z") -> None:
        self.incarnations[gateway] = Incarnation(uid=uid, created=created)
        self.fleet.publish(xds.snapshot(gateway, [xds.resource(xds.CLUSTER, "c", uid.encode())]))


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    it = Rig(fleet=WatchedFleet(), authority=Authority(), incarnations={})
    shown = certificates(it.authority)
    listener = TlsListener(host="127.0.0.1", port=0, certificates=lambda: shown)
    it.server = AdsServer(it.fleet, (listener,), authorizer=bound(it.incarnations.get))
    await it.server.start()
    it.port = int(it.server.addresses[0].rpartition(":")[2])
    it.make(GATEWAY, "one")
    it.make(OTHER, "other")
    try:
        yield it
    finally:
        await it.server.stop()


async def test_a_gateway_that_is_made_anew_does_not_know_the_certificate_of_the_one_before() -> None:
    async with rig() as it, it.connect(GATEWAY, "one") as before, it.connect(OTHER, "other") as other:
        stream, beside = await begun(before), await begun(other)
        it.make(GATEWAY, "two")
        it.server.review()
        error = await refused(stream)
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED
        assert error.details() == "client certificate: Gateway shop/edge was made anew; its own certificate is allowed"
        for method in (DELTA, STATUS):
            assert (await refused(before.stream_stream(method)())).code() is grpc.StatusCode.PERMISSION_DENIED
        async with it.connect(GATEWAY, "two") as after:
            assert await begun(after)
        it.make(OTHER, "other")
        await beside.write(asking("c"))
        assert await taken(beside)


async def test_the_streams_of_a_gateway_that_is_gone_end_and_say_why() -> None:
    async with rig() as it, it.connect(GATEWAY, "one") as client:
        stream = await begun(client)
        del it.incarnations[GATEWAY]
        it.fleet.retire(GATEWAY)
        assert b"c" in await taken(stream)  # that there is nothing any more
        it.server.review()
        error = await refused(stream)
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED
        assert error.details() == "client certificate: Gateway shop/edge does not exist"
        await it.fleet.until(lambda: GATEWAY not in it.fleet.known())


async def test_a_certificate_without_a_uid_serves_until_it_is_replaced() -> None:
    async with rig() as it, it.connect(GATEWAY, "") as of_before:
        stream = await begun(of_before)
        it.server.review()
        await stream.write(asking("c"))
        assert await taken(stream)
        it.make(GATEWAY, "two", created="2999-01-01T00:00:00Z")
        it.server.review()
        assert (await refused(stream)).code() is grpc.StatusCode.PERMISSION_DENIED
