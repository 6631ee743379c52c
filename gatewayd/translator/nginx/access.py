"""Annotations of ingress-nginx that keep somebody out: addresses, passwords, external authentication.

Each yields an `AnnotationEffect`, and the `Fate` of each annotation. What cannot be had is lost and protects: who asks
closes the paths of the Ingress.
"""

import ipaddress
import re
from typing import Final

from gatewayd.translator.hostnames import named_service
from gatewayd.translator.nginx.annotations import AnnotationEffect, Effects, NginxAnnotations, url
from gatewayd.translator.nginx.fates import Fidelity

MOST_RANGES: Final = 256
"""What an AccessPolicy holds of one list."""
_RANGE: Final = re.compile(r"[0-9A-Fa-f.:]+(/[0-9]{1,3})?")
"""An address without a zone, and bits rather than a mask: what Go reads as a range."""
_ASKED_WITH: Final = (
    "accept",
    "cookie",
    "origin",
    "referer",
    "user-agent",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
    "x-requested-with",
)
"""Request headers that servers decide by, beside Authorization, which they get in any case."""
_PORTS: Final = {"http": 80, "https": 443}
_OF_AUTH_URL: Final = {
    "auth-method": "the server is asked with the method of the request",
    "auth-request-redirect": "the server is told the request by its path and headers, not by X-Auth-Request-Redirect",
    "auth-cache-key": "answers are not kept: the server is asked for each request",
    "auth-cache-duration": "answers are not kept: the server is asked for each request",
    "auth-keepalive": "connections to the server are kept as those to any backend",
    "auth-keepalive-requests": "connections to the server are kept as those to any backend",
    "auth-keepalive-timeout": "connections to the server are kept as those to any backend",
    "auth-keepalive-share-vars": "connections to the server are kept as those to any backend",
    "auth-always-set-cookie": "cookies of the server are not passed on to clients whom it lets in",
}


def addresses(written: NginxAnnotations) -> Effects:
    """Yield who may come in by address: allowlist-source-range (formerly whitelist), denylist-source-range."""
    for name, section in (
        ("allowlist-source-range", "allow"),
        ("whitelist-source-range", "allow"),
        ("denylist-source-range", "deny"),
    ):
        if name not in written or (name.startswith("whitelist") and "allowlist-source-range" in written):
            if name in written:
                yield written.exact(name, "allowlist-source-range counts in its place")
            continue
        ranges = written.words(name)
        wrong = [each for each in ranges if not as_range(each)]
        if wrong or not ranges or len(ranges) > MOST_RANGES:
            why = (
                f"{wrong[0]} is no address range" if wrong else f"{len(ranges)} ranges; 1 to {MOST_RANGES} are allowed"
            )
            yield written.fate(name, Fidelity.LOST, why, protects=True)
            continue
        yield AnnotationEffect(access={"clients": {section: [{"cidr": as_range(each)} for each in ranges]}})
        yield written.exact(name, f"AccessPolicy clients.{section}")


def as_range(text: str) -> str:
    """Return addresses by the first of them, of whichever they are written; "" for what is no address range."""
    if not _RANGE.fullmatch(text):
        return ""
    try:
        network = str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return ""
    return network if "/" in text else text


def passwords(written: NginxAnnotations) -> Effects:
    """Yield who may come in by a password: auth-type with auth-secret."""
    names = tuple(each for each in ("auth-type", "auth-secret", "auth-secret-type", "auth-realm") if each in written)
    if "auth-type" not in written:
        yield from (written.exact(each, "without auth-type it had no effect") for each in names)
        return
    kind, secret = written.text("auth-type"), written.text("auth-secret")
    namespace, _, name = secret.rpartition("/")
    if kind != "basic" or not name:
        why = "auth-secret is missing" if kind == "basic" else f"there is no {kind} authentication; allowed: basic"
        yield written.fate("auth-type", Fidelity.LOST, why, protects=True)
        yield from (written.fate(each, Fidelity.LOST, "goes with auth-type") for each in names if each != "auth-type")
        return
    foreign = bool(namespace) and namespace != written.namespace
    ref = {"name": name, **({"namespace": namespace} if foreign else {})}
    yield AnnotationEffect(
        access={"basic": {"secretRef": ref}}, grants=(("Secret", namespace, name),) if foreign else ()
    )
    yield written.exact("auth-type", "AccessPolicy basic")
    todo = f"add the key .htpasswd to the Secret {secret}, written by `htpasswd -s`; until then these paths answer 500"
    yield written.fate("auth-secret", Fidelity.MANUAL, todo)
    if "auth-secret-type" in written:
        yield written.approximate("auth-secret-type", "the users are read from the Secret's key .htpasswd")
    if "auth-realm" in written:
        yield written.approximate("auth-realm", "browsers do not show a name of their own for the login")


def external(written: NginxAnnotations) -> Effects:
    """Yield who may come in by another server's word: auth-url and what goes with it."""
    if "auth-url" not in written:
        lone = (each for each in written.values if each.startswith("auth-") and each in _OF_AUTH_URL)
        yield from (written.exact(each, "without auth-url it had no effect") for each in lone)
        return
    to = url(written.text("auth-url"))
    service = named_service(to.host, written.namespace) if to is not None else None
    if to is None or service is None or to.scheme not in _PORTS or "$" in written.text("auth-url"):
        why = "only a Service can be asked: a URL of http:// or https:// and SERVICE.NAMESPACE.svc without variables"
        yield written.fate("auth-url", Fidelity.LOST, why, protects=True)
    else:
        yield from _asked(written, service, to.port or _PORTS[to.scheme], to.path)
        if to.scheme == "https":
            todo = (
                "the server is asked by TLS once a BackendTLSPolicy for its Service says how to check its certificate"
            )
            yield written.fate("auth-url", Fidelity.MANUAL, todo)
    yield from (written.approximate(name, message) for name, message in _OF_AUTH_URL.items() if name in written)
    if "auth-signin" in written:
        why = "who is not logged in gets the server's own answer; AccessPolicy oidc sends people to log in"
        yield written.fate("auth-signin", Fidelity.LOST, why)
    if "auth-signin-redirect-param" in written:
        yield written.fate("auth-signin-redirect-param", Fidelity.LOST, "goes with auth-signin")
    for name in ("auth-snippet", "auth-proxy-set-headers"):
        if name in written:
            why = "what the server is told in addition cannot be set"
            yield written.fate(name, Fidelity.LOST, why, protects=True)


def _asked(written: NginxAnnotations, service: tuple[str, str], port: int, path: str) -> Effects:
    namespace, name = service
    foreign = namespace != written.namespace
    http = {
        **({"path": path} if path not in ("", "/") else {}),
        "allowedHeaders": list(_ASKED_WITH),
        **({"allowedResponseHeaders": list(answered)} if (answered := written.words("auth-response-headers")) else {}),
    }
    ref = {"name": name, **({"namespace": namespace} if foreign else {}), "port": port}
    section = {"protocol": "HTTP", "backendRef": ref, "http": http}
    yield AnnotationEffect(access={"externalAuth": section}, grants=(("Service", namespace, name),) if foreign else ())
    differs = (
        f"AccessPolicy externalAuth: the server is asked for {path.rstrip('/')}/<path of the request>, not for"
        f" {path or '/'} with X-Original-URL; 200 alone lets a request in; the server gets the headers Authorization,"
        f" {', '.join(_ASKED_WITH)}"
    )
    yield written.approximate("auth-url", differs)
    if "auth-response-headers" in written:
        yield written.exact("auth-response-headers", "allowedResponseHeaders")


def either(written: NginxAnnotations) -> Effects:
    """Yield what becomes of `satisfy`."""
    if "satisfy" not in written:
        return
    if written.text("satisfy") == "any":
        yield written.approximate("satisfy", "who is let in by address needs to log in as well: both are asked for")
    else:
        yield written.exact("satisfy", "both are asked for")
