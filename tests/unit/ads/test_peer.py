"""What gRPC knows of a client."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

import grpc

from gatewayd.ads.authorize import Peer, Transport
from gatewayd.ads.peer import peer_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a call knows of its client; tests/feature/test_ads_access.py has the real ones."""

    where: str
    proven: Mapping[str, Iterable[bytes]]

    def peer(self) -> str:
        return self.where

    def auth_context(self) -> Mapping[str, Iterable[bytes]]:
        return self.proven


def found(where: str, **proven: Iterable[bytes]) -> Peer:
    return peer_of(cast("grpc.aio.ServicerContext", Context(where=where, proven=proven)), "shop/edge")


def test_a_certificate_is_read() -> None:
    peer = found("ipv4:127.0.0.1:1", peer_uri=[b"spiffe://a", b"\xff"], x509_pem_cert=[b"pem"])
    assert (peer.transport, peer.identities, peer.certificate) == (Transport.TLS, ("spiffe://a", "\ufffd"), b"pem")


def test_on_the_unix_socket_there_is_none() -> None:
    assert found("unix:/x") == Peer(transport=Transport.UNIX, identities=(), node_cluster="shop/edge")
