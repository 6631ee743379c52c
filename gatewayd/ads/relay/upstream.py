"""The control plane, as a relay reaches it: one channel, made anew when the certificate that it shows is another.

In: where the control plane is. Out: a channel. What it trusts and shows stands in files, which the kubelet replaces
when a Secret changes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc

CHANNEL_OPTIONS: Final = (
    # The first response of a type may be as large as a mesh.
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    # A control plane that is gone without a word is noticed, one that was away is found again soon.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),  # what counts with gRPC 1.85
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteControlPlane:
    """A control plane in the network, which must be `server_name` by its certificate.

    `certificates` is a folder with `tls.crt`, `tls.key` and `ca.crt`, as a Secret is mounted.
    """

    host: str
    port: int
    server_name: str
    certificates: Path


class ControlPlaneChannel:
    """Gives the channel to a control plane. Close it when nobody needs it any more."""

    def __init__(self, control_plane: RemoteControlPlane) -> None:
        self._control_plane = control_plane
        self._channel: grpc.aio.Channel | None = None
        self._shown: tuple[bytes, ...] = ()

    async def channel(self) -> grpc.aio.Channel:
        """Return the channel; raises OSError when a certificate cannot be read."""
        shown = self._files()
        if self._channel is None or shown != self._shown:
            await self.close()
            self._channel, self._shown = self._opened(shown), shown
        return self._channel

    async def close(self) -> None:
        """Close the channel; its streams end."""
        if self._channel is not None:
            await self._channel.close()
            self._channel = None

    def _files(self) -> tuple[bytes, ...]:
        folder = self._control_plane.certificates
        return tuple((folder / name).read_bytes() for name in ("ca.crt", "tls.key", "tls.crt"))

    def _opened(self, shown: tuple[bytes, ...]) -> grpc.aio.Channel:
        believed, key, certificate = shown
        credentials = grpc.ssl_channel_credentials(
            root_certificates=believed, private_key=key, certificate_chain=certificate
        )
        to = self._control_plane
        options = (*CHANNEL_OPTIONS, ("grpc.ssl_target_name_override", to.server_name))
        return grpc.aio.secure_channel(f"dns:///{to.host}:{to.port}", credentials, options=options)
