"""The command that asks Envoy's admin interface within a proxy's pod, and what it answers.

The interface is a Unix socket that nobody else reaches; the image has perl, and no curl.
"""

import http.client
import io
from typing import Final, NamedTuple

_SCRIPT: Final = (
    "my ($path, $method, $target) = @ARGV;"
    "socket(my $admin, PF_UNIX, SOCK_STREAM, 0) || die $!;"
    "connect($admin, sockaddr_un($path)) || die $!;"
    'syswrite $admin, "$method $target HTTP/1.1\\r\\nhost: localhost\\r\\nconnection: close\\r\\n'
    'content-length: 0\\r\\n\\r\\n";'
    "print while <$admin>;"
)


class AdminAnswer(NamedTuple):
    """What Envoy answered."""

    status: int
    body: bytes


def question(admin: str, method: str, target: str) -> tuple[str, ...]:
    """Return the command; it writes the answer as it comes."""
    return ("perl", "-MSocket", "-e", _SCRIPT, admin, method, target)


def answer(written: bytes) -> AdminAnswer:
    """Read what the command wrote. Raises ValueError when it is no answer of HTTP."""
    response = http.client.HTTPResponse(_Written(written))  # type: ignore[arg-type] # all that it takes of a socket
    try:
        response.begin()
        return AdminAnswer(response.status, response.read())
    except (http.client.HTTPException, OSError) as error:
        raise ValueError(f"no answer of HTTP: {error}") from error


class _Written:
    """Bytes in the place of a socket that they would come from."""

    def __init__(self, written: bytes) -> None:
        self._written = written

    def makefile(self, _mode: str) -> io.BytesIO:
        """Return a file of the bytes."""
        return io.BytesIO(self._written)
