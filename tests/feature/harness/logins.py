"""An OpenID provider in a process of its own, and a browser that keeps cookies and follows where it is sent by hand.

https://pypi.org/project/oidc-provider-mock/
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.feature.harness import http1
from tests.feature.harness.http1 import Answer
from tests.feature.harness.ports import free_port

DEADLINE = 20.0
_ENDED = ("max-age=0", "expires=thu, 01 jan 1970 00:00:00 gmt")


@asynccontextmanager
async def running_provider(*options: str) -> AsyncIterator[int]:
    """Run a provider and yield its port."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", str(port), *options),
        env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1", "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE):
            while b"Started" not in (line := await process.stdout.readline()):
                assert line, "the provider has ended"
        reading = asyncio.create_task(process.stdout.read())
        yield port
    finally:
        process.terminate()
        await process.wait()
    await reading


@dataclass(slots=True)
class Browser:
    """What one person has open: a proxy's port, and the cookies of it."""

    port: int
    host: str = "shop.example"
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str, *headers: tuple[str, str]) -> Answer:
        """Ask for a page; cookies of the answer are kept, and those that it ends are forgotten."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = (("cookie", cookie), *headers) if cookie else headers
        answer = await http1.ask(self.port, path, *sent, host=self.host)
        for line in answer.all("set-cookie"):
            pair, *attributes = line.split(";")
            name, _, value = pair.partition("=")
            if any(
                each.strip().lower() in ("max-age=0", "expires=thu, 01 jan 1970 00:00:00 gmt") for each in attributes
            ):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    async def log_in(self, path: str, user: str) -> Answer:
        """Ask for a page, log in where that leads, and return the answer to who comes back."""
        return await self.get(await self.consent((await self.get(path)), user))

    @staticmethod
    async def consent(answer: Answer, user: str) -> str:
        """Log in where an answer leads to, and return the path that this leads to."""
        assert answer.status == 302, (answer.status, answer.body)
        where = urlsplit(answer.one("location") or "")
        body = urlencode({"sub": user}).encode()
        kind = ("content-type", "application/x-www-form-urlencoded")
        consented = await http1.ask(
            where.port or 80, f"{where.path}?{where.query}", kind, host=where.netloc, method="POST", body=body
        )
        assert consented.status == 302, consented.body
        back = urlsplit(consented.one("location") or "")
        return f"{back.path}?{back.query}"


def query(answer: Answer) -> Mapping[str, list[str]]:
    """Return the query of where an answer leads to."""
    return parse_qs(urlsplit(answer.one("location") or "").query)
