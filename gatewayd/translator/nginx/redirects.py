"""Annotations of ingress-nginx that send clients elsewhere: to HTTPS, and from `/` to the root of an application."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gatewayd.translator.nginx.annotations import MOST_LETTERS, NginxAnnotations, url
from gatewayd.translator.nginx.fates import Fate, Fidelity
from gatewayd.translator.nginx.readable import filter_problem

CHALLENGES: Final = "/.well-known/acme-challenge"
"""Who issues certificates asks for these by HTTP; ingress-nginx redirected none of them (no-tls-redirect-locations)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirecting:
    """Where an Ingress sends requests elsewhere itself: to HTTPS, and from `/` to `app_root` ("" for nowhere).

    `forced`: to HTTPS where there is no certificate either, since a balancer in front has it.
    """

    to_https: bool = False
    forced: bool = False
    app_root: str = ""


def redirecting(written: NginxAnnotations) -> Redirecting:
    """Return where an Ingress sends its clients; to HTTPS unless it says otherwise, where there is a certificate."""
    return Redirecting(
        to_https=written.boolean("ssl-redirect", default=True),
        forced=written.boolean("force-ssl-redirect"),
        app_root=_app_root(written),
    )


def _app_root(written: NginxAnnotations) -> str:
    """Return the path that `/` is redirected to, "" where there is none, or none that can be written."""
    root = _written_root(written)
    return "" if _root_problem(root) else root


def _written_root(written: NginxAnnotations) -> str:
    to = url(written.text("app-root"))
    return to.path if to is not None and to.path.startswith("/") and len(to.path) <= MOST_LETTERS else ""


def _root_problem(root: str) -> str:
    path = {"type": "ReplaceFullPath", "replaceFullPath": root}
    return filter_problem({"type": "RequestRedirect", "requestRedirect": {"path": path}}) if root else ""


def redirecting_fates(written: NginxAnnotations) -> Iterator[Fate]:
    """Yield what becomes of ssl-redirect, force-ssl-redirect and app-root."""
    if "ssl-redirect" in written:
        yield written.exact("ssl-redirect", "RequestRedirect to https, 308, for hosts with a certificate")
    if "force-ssl-redirect" in written:
        note = "RequestRedirect to https, 308, for hosts with a certificate"
        yield written.exact("force-ssl-redirect", note if written.boolean("force-ssl-redirect") else "no redirect")
    if "app-root" in written:
        problem = _root_problem(_written_root(written))
        if problem:
            yield written.fate("app-root", Fidelity.LOST, problem)
        elif _app_root(written):
            yield written.exact("app-root", "RequestRedirect of / to it, 302")
        else:
            yield written.ignored("app-root", "a path")
