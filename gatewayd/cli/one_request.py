"""One HTTP/1.1 request to an address of this machine, whatever the host of its URL is.

In: a request and where a listener is. Out: a `Response`, or `NoAnswerError`. Certificates are not checked: the question
is which rule answers, and the name need not be the machine's.
"""

import http.client
import socket
import ssl
import time
from typing import Final, NamedTuple

from gatewayd.explain.request import Sent

_TIMEOUT: Final = 30.0
_LONGEST: Final = 1024 * 1024
"""Bytes of a body that are read."""


class NoAnswerError(Exception):
    """The connection was refused, or ended without an answer."""


class Response(NamedTuple):
    """What came back; `client` is the address and port that it was asked from."""

    client: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    milliseconds: float


class _FixedConnection(http.client.HTTPConnection):
    """A connection to a fixed address; its host is for the header and the server name alone."""

    def __init__(self, request: Sent, address: str, port: int) -> None:
        super().__init__(request.host, timeout=_TIMEOUT)
        self._where = (address, port)
        self._server_name = request.host.partition(":")[0] if request.scheme == "https" else None

    @property
    def client(self) -> str:
        """The address and port of this end."""
        address, port = self.sock.getsockname()[:2]
        return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"

    def connect(self) -> None:
        """Connect to the listener."""
        plain = socket.create_connection(self._where, timeout=_TIMEOUT)
        if self._server_name is None:
            self.sock = plain
            return
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock = context.wrap_socket(plain, server_hostname=self._server_name)


def send(request: Sent, address: str, port: int, body: bytes) -> Response:
    """Send a request and read its answer; raises NoAnswerError."""
    connection = _FixedConnection(request, address, port)
    began = time.monotonic()
    try:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", request.host)
        for header in request.headers:
            connection.putheader(header.name, header.value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        client = connection.client
        answer = connection.getresponse()
        content = answer.read(_LONGEST)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoAnswerError(f"{address}:{port}: {str(error) or type(error).__name__}") from error
    finally:
        connection.close()
    spent = (time.monotonic() - began) * 1000
    return Response(client, answer.status, answer.reason, tuple(answer.getheaders()), content, spent)
