"""Questions to one Envoy's admin interface on a Unix socket.

https://www.envoyproxy.io/docs/envoy/latest/operations/admin
"""

import asyncio
import http.client
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

TIMEOUT: Final = 2.0
_ACTIVE: Final = "downstream_(rq|cx)_active$"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminResponse:
    """What Envoy answered."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Envoy did not answer in time, and why."""

    reason: str


class _UnixConnection(http.client.HTTPConnection):
    """HTTP to a Unix socket."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path
        self._seconds = seconds

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self._seconds)
        self.sock.connect(str(self._path))


async def ask(admin: Path, method: str, target: str) -> AdminResponse | NoAnswer:
    """Send one request to the admin socket at `admin`."""
    return await asyncio.to_thread(ask_at_once, admin, method, target)


async def active_requests(admin: Path) -> int | NoAnswer:
    """Return how many HTTP requests and TCP connections are under way, those of the admin interface left out."""
    answer = await ask(admin, "GET", f"/stats?format=json&filter={quote(_ACTIVE)}")
    if isinstance(answer, NoAnswer):
        return answer
    return count_active(answer.body)


def count_active(stats: bytes) -> int | NoAnswer:
    """Add up what is under way in the JSON of /stats: requests of http.*, connections of tcp.*."""
    try:
        values = {item["name"]: int(item["value"]) for item in json.loads(stats)["stats"] if "name" in item}
    except (ValueError, KeyError, TypeError) as error:
        return NoAnswer(reason=f"/stats cannot be read: {error}")
    return sum(value for name, value in values.items() if _is_work(name))


def _is_work(stat: str) -> bool:
    if stat.startswith("http.admin."):
        return False
    http_request = stat.startswith("http.") and stat.endswith(".downstream_rq_active")
    return http_request or (stat.startswith("tcp.") and stat.endswith(".downstream_cx_active"))


def ask_at_once(admin: Path, method: str, target: str, seconds: float = TIMEOUT) -> AdminResponse | NoAnswer:
    """Send one request to the admin socket at `admin` and wait for the answer; `seconds` for each part of it."""
    connection = _UnixConnection(admin, seconds)
    try:
        connection.request(method, target)
        response = connection.getresponse()
        return AdminResponse(status=response.status, body=response.read())
    except (OSError, http.client.HTTPException) as error:
        return NoAnswer(reason=str(error) or type(error).__name__)
    finally:
        connection.close()
