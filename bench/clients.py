"""N delta ADS clients on N connections: `python -m bench.clients SOCKET N`.

Prints a line once all have their first RouteConfiguration, then one for each further one that all have:
{"at": monotonic seconds of the last arrival, "bytes": of all responses of that push}.
"""

import asyncio
import json
import sys
import time

import grpc
from envoy.service.discovery.v3 import discovery_pb2

METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
CDS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
EDS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
LDS = "type.googleapis.com/envoy.config.listener.v3.Listener"
RDS = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"


class Tally:
    """Counts who has got the push of each round."""

    def __init__(self, clients: int) -> None:
        self.clients = clients
        self.arrived: dict[int, int] = {}
        self.bytes: dict[int, int] = {}

    def count(self, number: int, size: int) -> None:
        self.bytes[number] = self.bytes.get(number, 0) + size
        self.arrived[number] = self.arrived.get(number, 0) + 1
        if self.arrived[number] == self.clients:
            print(json.dumps({"at": time.monotonic(), "bytes": self.bytes[number]}), flush=True)


async def client(socket: str, number: int, tally: Tally, gate: asyncio.Semaphore) -> None:
    options = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", 64 << 20), ("x", number))
    channel = grpc.aio.insecure_channel(f"unix:{socket}", options=options)
    call = channel.stream_stream(METHOD)()
    async with gate:
        for type_url in (CDS, LDS):
            await call.write(_request(type_url, number).SerializeToString())
        rounds = 0
        asked: set[str] = set()
        while rounds == 0:
            rounds += await _turn(call, number, tally, asked, rounds)
    while True:
        rounds += await _turn(call, number, tally, asked, rounds)


async def _turn(call: grpc.aio.StreamStreamCall, number: int, tally: Tally, asked: set[str], rounds: int) -> int:
    data = await call.read()
    response = discovery_pb2.DeltaDiscoveryResponse.FromString(data)
    ack = _request(response.type_url, number)
    ack.response_nonce = response.nonce
    await call.write(ack.SerializeToString())
    if response.type_url == CDS:
        names = {each.name for each in response.resources} - asked
        asked |= names
        more = _request(EDS, number)
        more.resource_names_subscribe.extend(sorted(names))
        await call.write(more.SerializeToString())
    elif response.type_url == LDS:
        more = _request(RDS, number)
        more.resource_names_subscribe.append("8080")
        await call.write(more.SerializeToString())
    elif response.type_url == RDS:
        tally.count(rounds, len(data))
        return 1
    return 0


def _request(type_url: str, number: int) -> discovery_pb2.DeltaDiscoveryRequest:
    request = discovery_pb2.DeltaDiscoveryRequest(type_url=type_url)
    request.node.id, request.node.cluster = f"client-{number}", "bench/gw"
    return request


async def main() -> None:
    socket, clients = sys.argv[1], int(sys.argv[2])
    tally, gate = Tally(clients), asyncio.Semaphore(50)
    async with asyncio.TaskGroup() as tasks:
        for number in range(clients):
            tasks.create_task(client(socket, number, tally, gate))


if __name__ == "__main__":
    asyncio.run(main())
