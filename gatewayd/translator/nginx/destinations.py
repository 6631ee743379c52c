"""Annotations of ingress-nginx that send clients to another URL: permanent-redirect, temporal-redirect, www."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.translator.nginx.annotations import JSON, NginxAnnotations, url
from gatewayd.translator.nginx.fates import Fate, Fidelity
from gatewayd.translator.nginx.readable import filter_problem

_ASKED: Final = "$request_uri"
_CODES: Final = (301, 302, 303, 307, 308)
_KINDS: Final = (("temporal-redirect", 302), ("permanent-redirect", 301))
"""In the order in which they count."""
WWW: Final = "www."


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Whether requests are answered with a redirect, and with which; None for one that cannot be had."""

    is_away: bool
    redirect: JSON | None


SERVED: Final = Destination(is_away=False, redirect=None)


def destination(written: NginxAnnotations) -> Destination:
    """Return the redirect that takes the place of backends."""
    for name, code in _KINDS:
        if written.text(name):
            return Destination(is_away=True, redirect=_redirect(written.text(name), _code(written, name, code)))
    return SERVED


def destination_fates(written: NginxAnnotations) -> Iterator[Fate]:
    """Yield what becomes of these annotations."""
    for name, code in _KINDS:
        if name in written:
            yield _fate(written, name, code)
        if f"{name}-code" in written:
            yield written.exact(f"{name}-code", f"RequestRedirect, {_code(written, name, code)}")
    if "from-to-www-redirect" in written:
        yield written.exact("from-to-www-redirect", "RequestRedirect from the one name to the other, 308")


def _fate(written: NginxAnnotations, name: str, code: int) -> Fate:
    text = written.text(name)
    if not text:
        return written.exact(name, "it was empty, and had no effect")
    redirect = _redirect(text, _code(written, name, code))
    if redirect is None:
        why = (
            f"only a URL without query, fragment and variables can be redirected to, {_ASKED} at its end apart;"
            " these paths answer 500"
        )
        return written.fate(name, Fidelity.LOST, why)
    if "path" not in redirect:
        return written.exact(name, "RequestRedirect")
    return written.approximate(name, "RequestRedirect; the query of a request goes along, which nginx left out")


def _code(written: NginxAnnotations, name: str, default: int) -> int:
    code = written.integer(f"{name}-code")
    return code if code in _CODES else default


def _redirect(text: str, code: int) -> dict[str, Any] | None:
    keeps = text.endswith(_ASKED)
    to = url(text.removesuffix(_ASKED))
    if to is None or "$" in text.removesuffix(_ASKED) or to.scheme not in ("http", "https"):
        return None
    if to.rest or (keeps and to.path not in ("", "/")):
        return None
    path = {"type": "ReplaceFullPath", "replaceFullPath": to.path or "/"}
    redirect = {
        "scheme": to.scheme,
        "hostname": to.host,
        **({"port": to.port} if to.port else {}),
        **({} if keeps else {"path": path}),
        "statusCode": code,
    }
    return None if filter_problem({"type": "RequestRedirect", "requestRedirect": redirect}) else redirect


def www_twin(host: str) -> str:
    """Return the host with `www.`, or without, from which clients are sent to `host`; "" for one that has none."""
    if not host or host.startswith("*"):
        return ""
    return host.removeprefix(WWW) if host.startswith(WWW) else f"{WWW}{host}"
