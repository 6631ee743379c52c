"""Annotations of ingress-nginx about backends: what they speak, who stays with which endpoint, what is tried again."""

import re
from typing import Any, Final

from gatewayd.translator.hostnames import named_service
from gatewayd.translator.nginx.annotations import ANY_NAME, AnnotationEffect, Effects, NginxAnnotations, url
from gatewayd.translator.nginx.fates import Fate, Fidelity

SECURED: Final = ("HTTPS", "GRPCS")
HTTP2: Final = ("GRPC", "GRPCS")
"""What backends may speak by TLS, and by HTTP/2."""
_H2C: Final = "kubernetes.io/h2c"
_OF_TLS: Final = (
    "proxy-ssl-ciphers",
    "proxy-ssl-name",
    "proxy-ssl-protocols",
    "proxy-ssl-secret",
    "proxy-ssl-server-name",
    "proxy-ssl-verify",
    "proxy-ssl-verify-depth",
)
_COOKIE: Final = "INGRESSCOOKIE"
_LOST_OF_COOKIES: Final = (
    "session-cookie-change-on-failure",
    "session-cookie-conditional-samesite-none",
    "session-cookie-domain",
    "session-cookie-partitioned",
    "session-cookie-samesite",
    "session-cookie-secure",
)
_STATUS: Final = re.compile(r"http_([45][0-9]{2})")
_TRIES: Final = 3
_MOST_RETRIES: Final = 10
_MOST_CODES: Final = 16


def spoken_by_backends(written: NginxAnnotations) -> str:
    """Return what backend-protocol says, in capitals."""
    return written.text("backend-protocol").upper() or "HTTP"


def protocol(written: NginxAnnotations) -> Effects:
    """Yield what backends speak: backend-protocol, and how their certificates are checked."""
    spoken = spoken_by_backends(written)
    if "backend-protocol" in written:
        yield _protocol_fate(written, spoken)
    if spoken in SECURED:
        hostname = written.text("proxy-ssl-name")
        yield AnnotationEffect(tls_name=hostname or ANY_NAME)
    for name in _OF_TLS:
        if name not in written:
            continue
        if spoken not in SECURED:
            yield written.exact(name, "without TLS to the backend it had no effect")
        elif name == "proxy-ssl-name":
            yield written.exact(name, "BackendTLSPolicy validation.hostname")
        else:
            yield written.fate(name, Fidelity.MANUAL, "goes with the BackendTLSPolicy: write its CA there")


def _protocol_fate(written: NginxAnnotations, spoken: str) -> Fate:
    if spoken in SECURED:
        h2 = f", and `appProtocol: {_H2C}` in the Service's port" if spoken in HTTP2 else ""
        todo = (
            "nginx checked no certificate unless told to; here it is checked: write the CA and the name of the"
            f" certificate into the BackendTLSPolicy{h2}"
        )
        return written.fate("backend-protocol", Fidelity.MANUAL, todo)
    if spoken == "GRPC":
        todo = f"write `appProtocol: {_H2C}` into the port of each Service; until then it is spoken to by HTTP/1.1"
        return written.fate("backend-protocol", Fidelity.MANUAL, todo)
    if spoken == "HTTP":
        return written.exact("backend-protocol", "what backends speak anyway")
    return written.fate("backend-protocol", Fidelity.LOST, f"{spoken} is not spoken to backends")


def sessions(written: NginxAnnotations) -> Effects:
    """Yield who stays with one endpoint: affinity and session-cookie-*."""
    cookies = [name for name in written.values if name.startswith(("session-cookie-", "affinity-"))]
    if written.text("affinity") != "cookie":
        if "affinity" in written:
            yield written.ignored("affinity", "cookie")
        yield from (written.exact(name, "without affinity it had no effect") for name in cookies)
        return
    age = written.integer("session-cookie-max-age") or written.integer("session-cookie-expires")
    cookie: dict[str, Any] = {"name": written.text("session-cookie-name") or _COOKIE}
    path = written.text("session-cookie-path")
    if path.startswith("/"):
        cookie["path"] = path
    persistence: dict[str, Any] = {"type": "Cookie", "cookie": cookie}
    if age is not None and age > 0:
        cookie["lifetimeType"] = "Permanent"
        persistence["absoluteTimeout"] = f"{age // 3600}h{age % 3600}s"
    yield AnnotationEffect(more={"sessionPersistence": persistence})
    yield written.approximate("affinity", "sessionPersistence; clients with a cookie of nginx choose an endpoint anew")
    for name in cookies:
        if name in _LOST_OF_COOKIES:
            yield written.fate(name, Fidelity.LOST, "the cookie has a name, a path and a lifetime, and is HttpOnly")
        else:
            yield written.approximate(name, "sessionPersistence")


def retries(written: NginxAnnotations) -> Effects:
    """Yield what is tried again: proxy-next-upstream and proxy-next-upstream-tries."""
    if "proxy-next-upstream-timeout" in written:
        note = "tries end with the timeout of the request"
        yield written.approximate("proxy-next-upstream-timeout", note)
    tries = written.integer("proxy-next-upstream-tries")
    if "proxy-next-upstream" not in written and tries is None:
        return
    reasons = written.text("proxy-next-upstream").split() or ["error", "timeout"]
    attempts = 0 if "off" in reasons else min((_TRIES if tries is None else tries or _MOST_RETRIES) - 1, _MOST_RETRIES)
    codes = [int(match[1]) for each in reasons if (match := _STATUS.fullmatch(each)) is not None]
    yield AnnotationEffect(
        passage={"retry": {"attempts": max(attempts, 0), **({"codes": codes[:_MOST_CODES]} if codes else {})}}
    )
    for name in ("proxy-next-upstream", "proxy-next-upstream-tries"):
        if name in written:
            note = "RoutePolicy retry; requests that are not idempotent are tried again as well"
            yield written.approximate(name, note)


def mirrors(written: NginxAnnotations) -> Effects:
    """Yield to whom copies of requests go: mirror-target, where it is a Service."""
    target = written.text("mirror-target").removesuffix("$request_uri")
    to = url(target) if "://" in target and "$" not in target else None
    service = named_service(to.host, written.namespace) if to is not None else None
    if to is not None and service is not None and service[0] == written.namespace:
        ref = {"name": service[1], "port": to.port or (443 if to.scheme == "https" else 80)}
        yield AnnotationEffect(filters=({"type": "RequestMirror", "requestMirror": {"backendRef": ref}},))
        note = "RequestMirror; the copy has the path and host of the request"
        if to.scheme == "https":
            todo = f"{note}, and goes by TLS once a BackendTLSPolicy for its Service says how to check its certificate"
            yield written.fate("mirror-target", Fidelity.MANUAL, todo)
        else:
            yield written.approximate("mirror-target", note)
    elif "mirror-target" in written:
        yield written.fate("mirror-target", Fidelity.LOST, "copies go to Services of the own namespace only")
    for name in ("mirror-host", "mirror-request-body"):
        if name in written:
            yield written.fate(name, Fidelity.LOST, "a copy is the same as the request")
