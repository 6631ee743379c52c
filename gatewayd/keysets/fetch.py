"""One request for a key set: no redirects, no cookies, no proxy, 1 MiB, 5 s, and certificates that are checked.

In: a target. Out: keys that signatures can be checked by, with how long they are good for; or why there are none, in
words that tell nothing of what was answered. https://www.rfc-editor.org/rfc/rfc7517#section-5
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

import aiohttp
import yarl

from gatewayd.ir.key_sets import KeySetSource, KeySetTarget
from gatewayd.keysets.reach import EndpointsAlone, InternetAlone, UnreachableError
from gatewayd.untrusted.key_sets import NoKeys, public_keys
from gatewayd.untrusted.provider_metadata import NoProvider, provider_metadata

SECONDS: Final = 5.0
MOST_BYTES: Final = 1024 * 1024
_HEADERS: Final[Mapping[str, str]] = {
    "accept": "application/jwk-set+json, application/json",
    "accept-encoding": "identity",
    "user-agent": "gatewayd",
}
_MAX_AGE: Final = re.compile(r"(?:^|[,\s])max-age=\"?([0-9]{1,9})")
_OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Keys, and the seconds for which the answer says that they are good; None where it does not."""

    keys: str
    max_age: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFetched:
    """Why there are no keys."""

    why: str


async def fetch(target: KeySetTarget) -> Fetched | NotFetched:
    """Ask for a key set once."""
    uri = yarl.URL(target.source.uri)
    if _is_address(uri.host or ""):
        return NotFetched(why="the host is an address; allowed: a name")
    resolver = EndpointsAlone(target.endpoints) if target.source.via is not None else InternetAlone()
    try:
        return await _asked(target.source, resolver, _tls(target.trusted))
    except TimeoutError:
        return NotFetched(why=f"no answer within {SECONDS:.0f} s")
    except aiohttp.ClientConnectorDNSError as error:
        inner = error.os_error
        return NotFetched(why=str(inner) if isinstance(inner, UnreachableError) else "the host is not known")
    except aiohttp.ClientConnectorCertificateError:
        return NotFetched(why="the certificate is of nobody who is trusted here, or for another host")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return NotFetched(why=f"the request failed: {type(error).__name__}")


async def _asked(
    source: KeySetSource, resolver: EndpointsAlone | InternetAlone, tls: ssl.SSLContext
) -> Fetched | NotFetched:
    connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, force_close=True, ssl=tls)
    async with (
        aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=SECONDS),
            auto_decompress=False,
            headers=_HEADERS,
        ) as session,
        session.get(yarl.URL(source.uri), allow_redirects=False) as response,
    ):
        if response.status != _OK:
            return NotFetched(why=f"the answer is {response.status}; wanted is a 200, without redirects")
        body = b""
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MOST_BYTES:
                return NotFetched(why=f"the answer has more than {MOST_BYTES} bytes")
        keys = _read(source, body.decode("utf-8", "replace"))
        if not isinstance(keys, str):
            return NotFetched(why=f"the answer {keys.why}")
        return Fetched(keys=keys, max_age=_max_age(response.headers.get("cache-control", "")))


def _read(source: KeySetSource, text: str) -> str | NoKeys | NoProvider:
    return provider_metadata(text, source.uri) if source.is_provider else public_keys(text)


def _max_age(cache_control: str) -> int | None:
    found = _MAX_AGE.search(cache_control.lower())
    return int(found[1]) if found is not None else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=16)
def _tls(trusted: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=trusted.decode("ascii", "replace") or None)
