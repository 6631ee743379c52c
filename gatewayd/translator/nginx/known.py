"""What becomes of each annotation of ingress-nginx: who reads it, or why it is lost.

`READERS` turn annotations into an `AnnotationEffect`. For those that nobody reads there is a row in `UNREAD`. What is
in neither, ingress-nginx itself does not know, and it had no effect, unless its name says that it shall protect.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from gatewayd.translator.nginx import access, cors, headers, traffic, upstreams
from gatewayd.translator.nginx.aliases import alias_fates
from gatewayd.translator.nginx.annotations import AnnotationEffect, Effects, NginxAnnotations
from gatewayd.translator.nginx.canaries import stray_fates
from gatewayd.translator.nginx.destinations import destination_fates
from gatewayd.translator.nginx.fates import Fate, Fidelity
from gatewayd.translator.nginx.paths import rewriting_fates
from gatewayd.translator.nginx.readable import effect_problem
from gatewayd.translator.nginx.redirects import redirecting_fates

Reader = Callable[[NginxAnnotations], Effects]

READERS: Final[tuple[Reader, ...]] = (
    rewriting_fates,
    redirecting_fates,
    destination_fates,
    alias_fates,
    stray_fates,
    access.addresses,
    access.passwords,
    access.external,
    access.either,
    cors.cors,
    traffic.body_size,
    traffic.timeouts,
    traffic.rate,
    headers.hosts_and_prefixes,
    headers.snippet,
    upstreams.protocol,
    upstreams.sessions,
    upstreams.retries,
    upstreams.mirrors,
)

PROTECTING: Final = frozenset({access.addresses, access.passwords, access.external, headers.snippet})
"""Readers of what keeps somebody out, or may."""


class UnreadAnnotation(NamedTuple):
    """What becomes of an annotation that has no equal; `protects`: it keeps somebody out."""

    fidelity: Fidelity
    message: str
    protects: bool = False


_LOST: Final = Fidelity.LOST
_NOT_NEEDED: Final = UnreadAnnotation(Fidelity.EXACT, "it is about how nginx works inside, and changes no answer")
_TUNING: Final = UnreadAnnotation(Fidelity.APPROXIMATE, "buffers are the proxy's own; no answer changes")
_BY_OPERATOR: Final = UnreadAnnotation(_LOST, "a ReportPolicy says what is logged, for a whole Gateway")
_TLS: Final = UnreadAnnotation(_LOST, "a ClientPolicy says what TLS listeners agree to, for a whole Gateway")
_WAF: Final = UnreadAnnotation(_LOST, "there is no web application firewall", protects=True)
_SNIPPET: Final = UnreadAnnotation(
    _LOST, "lines of nginx's configuration may be anything; read them, and write what they do", protects=True
)
_CLIENT_CERTIFICATE: Final = UnreadAnnotation(
    _LOST, "certificates of clients are asked for by a Gateway's tls.frontend, for all hosts of a port", protects=True
)
_TRACING: Final = UnreadAnnotation(_LOST, "what is traced is said for a whole Gateway")
_GLOBAL_AUTH: Final = UnreadAnnotation(
    Fidelity.MANUAL,
    "if the controller's ConfigMap has a global-auth-url, an AccessPolicy of the Gateway takes its place",
)

UNREAD: Final[Mapping[str, UnreadAnnotation]] = {
    **dict.fromkeys(("server-snippet", "stream-snippet", "modsecurity-snippet"), _SNIPPET),
    **dict.fromkeys(("enable-modsecurity", "enable-owasp-core-rules", "modsecurity-transaction-id"), _WAF),
    **dict.fromkeys(("auth-tls-secret", "auth-tls-verify-client", "auth-tls-match-cn"), _CLIENT_CERTIFICATE),
    **dict.fromkeys(
        ("auth-tls-verify-depth", "auth-tls-error-page", "auth-tls-pass-certificate-to-upstream"),
        UnreadAnnotation(_LOST, "goes with auth-tls-secret"),
    ),
    **dict.fromkeys(
        (
            "client-body-buffer-size",
            "proxy-buffer-size",
            "proxy-buffering",
            "proxy-buffers-number",
            "proxy-busy-buffers-size",
            "proxy-max-temp-file-size",
            "proxy-request-buffering",
        ),
        _TUNING,
    ),
    **dict.fromkeys(
        (
            "connection-proxy-header",
            "disable-proxy-intercept-errors",
            "http2-push-preload",
            "proxy-http-version",
            "service-upstream",
            "ssl-prefer-server-ciphers",
            "preserve-trailing-slash",
            "use-port-in-redirects",
            "load-balance",
        ),
        _NOT_NEEDED,
    ),
    **dict.fromkeys(("enable-access-log", "enable-rewrite-log"), _BY_OPERATOR),
    **dict.fromkeys(
        ("enable-opentelemetry", "opentelemetry-operation-name", "opentelemetry-trust-incoming-span"), _TRACING
    ),
    **dict.fromkeys(
        ("proxy-cookie-domain", "proxy-cookie-path"), UnreadAnnotation(_LOST, "cookies of backends stay as they are")
    ),
    **dict.fromkeys(
        ("proxy-redirect-from", "proxy-redirect-to"), UnreadAnnotation(_LOST, "redirects of backends stay as they are")
    ),
    **dict.fromkeys(
        ("upstream-hash-by", "upstream-hash-by-subset", "upstream-hash-by-subset-size"),
        UnreadAnnotation(_LOST, "a BackendPolicy's loadBalancing can send what is equal to the same endpoint"),
    ),
    **dict.fromkeys(
        ("fastcgi-index", "fastcgi-params-configmap"), UnreadAnnotation(_LOST, "FastCGI is not spoken to backends")
    ),
    "ssl-ciphers": _TLS,
    "enable-global-auth": _GLOBAL_AUTH,
    "ssl-passthrough": UnreadAnnotation(
        _LOST, "TLS ends at the proxy; a TLSRoute on a listener of mode Passthrough lets it through"
    ),
    "custom-headers": UnreadAnnotation(_LOST, "the ConfigMap of headers is not read; filters of a rule set them"),
    "custom-http-errors": UnreadAnnotation(_LOST, "a RoutePolicy's errorPages say what stands in an error"),
    "default-backend": UnreadAnnotation(_LOST, "a Service without endpoints answers 503"),
}

PROTECTIVE: Final = re.compile(
    r"auth|allow|deny|whitelist|block|limit|secur|waf|jwt|oidc|oauth|cert|verify", re.IGNORECASE
)
"""Words of names that keep somebody out; who writes one in capitals means it no less, though nginx did not read it."""

OF_HOSTS: Final = ("server-snippet", "auth-tls-secret", "auth-tls-verify-client", "auth-tls-match-cn")
"""What protects all paths of the Ingress's hosts, in other Ingresses too: nginx has it in the block of a server."""


def effects(written: NginxAnnotations) -> tuple[AnnotationEffect, tuple[Fate, ...]]:
    """Return what all annotations of an Ingress together do, and the fate of each."""
    effect = AnnotationEffect()
    fates: list[Fate] = []
    for reader in READERS:
        read = tuple(reader(written))
        own = [each for each in read if isinstance(each, AnnotationEffect)]
        said = [each for each in read if isinstance(each, Fate)]
        problem = next(filter(None, map(effect_problem, own)), "")
        if problem:
            fates.extend(_untaken(fate, problem, protects=reader in PROTECTING) for fate in said)
        else:
            effect, fates = sum(own, effect), [*fates, *said]
    told = {fate.path for fate in fates}
    fates.extend(fate for name in written.values if (fate := _unread(written, name)).path not in told)
    return effect, tuple(fates)


def _untaken(fate: Fate, problem: str, *, protects: bool) -> Fate:
    """Return what becomes of an annotation whose value nobody would take."""
    return replace(fate, fidelity=Fidelity.LOST, message=problem, protects=protects or fate.protects)


def _unread(written: NginxAnnotations, name: str) -> Fate:
    row = UNREAD.get(name)
    if row is not None:
        return written.fate(name, row.fidelity, row.message, protects=row.protects)
    if PROTECTIVE.search(name):
        message = "nobody knows this annotation, and its name says that it protects"
        return replace(written.fate(name, Fidelity.LOST, message, protects=True), guessed=True)
    return written.exact(name, "ingress-nginx knows no such annotation; it had no effect")
