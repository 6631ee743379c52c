"""What gRPC knows of a client, as the value that is decided by."""

import grpc

from gatewayd.ads.authorize import Peer, Transport


def transport_of(context: grpc.aio.ServicerContext) -> Transport:
    """Return how a client is connected; what is not a Unix socket is TLS, there is no third listener."""
    return Transport.UNIX if context.peer().startswith("unix:") else Transport.TLS


def peer_of(context: grpc.aio.ServicerContext, node_cluster: str) -> Peer:
    """Return what there is to know of a client; gRPC fills in certificates after the handshake only."""
    proven = context.auth_context()
    return Peer(
        transport=transport_of(context),
        identities=tuple(name.decode("utf-8", "replace") for name in proven.get("peer_uri", ())),
        node_cluster=node_cluster,
        certificate=next(iter(proven.get("x509_pem_cert", ())), b""),
    )
