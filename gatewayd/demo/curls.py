"""What to ask the demo, and what must come back: printed for people, asked by `gatewayd demo --check`.

In: the port of the Gateway. Out: curl lines with what they answer; `ask` does what curl would do.
"""

import asyncio
import http.client
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gatewayd.demo.files import BACKENDS

_V1, _V2 = BACKENDS
_TIMEOUT: Final = 5.0
_MANY: Final = 200
"""Requests by which a share of one tenth is seen: that it is not has a chance of 0.9 ** 200, about 1 in 10 ** 9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curl:
    """One thing to ask. `backends`: who may answer, the one with the larger share first; `location` of a redirect."""

    says: str
    path: str
    headers: Mapping[str, str]
    status: int
    backends: tuple[str, ...]
    location: str

    def line(self, port: int) -> str:
        """Return the command to type."""
        options = "".join(f"-H '{name}: {value}' " for name, value in self.headers.items())
        return f"curl {'-i ' if self.location else ''}{options}localhost:{port}{self.path}"


CURLS: Final = (
    Curl(
        says="a path",
        path="/hello",
        headers=MappingProxyType({}),
        status=200,
        backends=(_V1,),
        location="",
    ),
    Curl(
        says="a canary by header",
        path="/hello",
        headers=MappingProxyType({"env": "canary"}),
        status=200,
        backends=(_V2,),
        location="",
    ),
    Curl(
        says="nine of ten to v1",
        path="/split",
        headers=MappingProxyType({}),
        status=200,
        backends=(_V1, _V2),
        location="",
    ),
    Curl(
        says="a redirect",
        path="/old/page",
        headers=MappingProxyType({}),
        status=302,
        backends=(),
        location="http://localhost:{port}/hello/page",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurlResponse:
    """What Envoy answered: who did it ("" for Envoy itself) and where it points."""

    status: int
    backend: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of one Curl; `wrong` is "" when it was as it should be."""

    curl: Curl
    said: str
    wrong: str


async def check(curl: Curl, address: str, port: int) -> Checked:
    """Ask as often as it takes to see all backends; never raises OSError."""
    try:
        answers = [await asyncio.to_thread(ask, curl, address, port) for _ in range(_MANY if curl.backends[1:] else 1)]
    except (OSError, http.client.HTTPException) as error:
        return Checked(curl=curl, said="", wrong=f"no answer: {error}")
    return judge(curl, answers, port)


def judge(curl: Curl, answers: list[CurlResponse], port: int) -> Checked:
    """Compare answers with what they must be."""
    for each in answers:
        wanted = curl.location.format(port=port)
        if each.status != curl.status or each.location != wanted:
            wrong = f"{each.status} {each.location}".rstrip() + f"; expected {curl.status} {wanted}".rstrip()
            return Checked(curl=curl, said="", wrong=wrong)
    shares = Counter(each.backend for each in answers if each.backend)
    said = ", ".join(f"{count} by {name}" for name, count in shares.most_common())
    ranked = tuple(name for name, _ in shares.most_common())
    wrong = "" if ranked == curl.backends else f"answered by {ranked}; expected {curl.backends}"
    where = f" {answers[-1].location}" if curl.location else ""
    return Checked(curl=curl, said=f"{curl.status}{where}" + (f", {said}" if said else ""), wrong=wrong)


def ask(curl: Curl, address: str, port: int) -> CurlResponse:
    """Send one request; raises OSError and http.client.HTTPException."""
    connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT)
    try:
        connection.request("GET", curl.path, headers={"host": f"localhost:{port}", **curl.headers})
        response = connection.getresponse()
        response.read()
        return CurlResponse(
            status=response.status,
            backend=response.getheader("x-backend", ""),
            location=response.getheader("location", ""),
        )
    finally:
        connection.close()
