"""Annotations of ingress-nginx that send clients elsewhere: to HTTPS, and from `/` to the root of an application."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from gatewayd.convert.fates import Fate
from gatewayd.convert.ingress.annotations import NginxAnnotations
from gatewayd.convert.ingress.parts import Redirecting


def redirecting(written: NginxAnnotations) -> Redirecting:
    """Return where an Ingress sends its clients; to HTTPS unless it says otherwise, where there is a certificate."""
    return Redirecting(
        to_https=written.boolean("ssl-redirect", default=True),
        forced=written.boolean("force-ssl-redirect"),
        app_root=_app_root(written),
    )


def _app_root(written: NginxAnnotations) -> str:
    path = urlsplit(written.text("app-root")).path
    return path if path.startswith("/") else ""


def redirecting_fates(written: NginxAnnotations) -> Iterator[Fate]:
    """Yield what becomes of ssl-redirect, force-ssl-redirect and app-root."""
    if "ssl-redirect" in written:
        yield written.exact("ssl-redirect", "RequestRedirect to https, 308, for hosts with a certificate")
    if "force-ssl-redirect" in written:
        note = "RequestRedirect to https, 308, for hosts with a certificate"
        yield written.exact("force-ssl-redirect", note if written.boolean("force-ssl-redirect") else "no redirect")
    if "app-root" in written:
        if _app_root(written):
            yield written.exact("app-root", "RequestRedirect of / to it, 302")
        else:
            yield written.ignored("app-root", "a path")
