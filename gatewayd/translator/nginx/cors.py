"""enable-cors and cors-* of ingress-nginx as the CORS filter of a rule."""

import re
from typing import Any, Final

from gatewayd.translator.nginx.annotations import AnnotationEffect, Effects, NginxAnnotations
from gatewayd.translator.nginx.fates import Fidelity

_METHODS: Final = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS")
_HEADERS: Final = (
    "DNT",
    "Keep-Alive",
    "User-Agent",
    "X-Requested-With",
    "If-Modified-Since",
    "Cache-Control",
    "Content-Type",
    "Range",
    "Authorization",
)
_MAX_AGE: Final = 1_728_000
"""What ingress-nginx says without further annotations: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#enable-cors"""
_ORIGIN: Final = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]{1,5})?")
_KNOWN_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_PREFLIGHT: Final = (
    "CORS filter; an OPTIONS request that is no preflight goes to the backend, which nginx answered itself"
)
_FIELDS: Final = {
    "cors-allow-origin": "allowOrigins",
    "cors-allow-methods": "allowMethods",
    "cors-allow-headers": "allowHeaders",
    "cors-expose-headers": "exposeHeaders",
    "cors-max-age": "maxAge",
}


def cors(written: NginxAnnotations) -> Effects:
    """Yield what pages of other origins may do."""
    names = [name for name in ("enable-cors", *_FIELDS, "cors-allow-credentials") if name in written]
    if not written.boolean("enable-cors"):
        yield from (written.exact(name, "without enable-cors it had no effect") for name in names)
        return
    origins = written.words("cors-allow-origin") or ("*",)
    wrong = [each for each in origins if each != "*" and not _ORIGIN.fullmatch(each)]
    if wrong:
        why = f"{wrong[0]} is no origin: scheme, host and port; pages of other origins are refused"
        yield written.fate("cors-allow-origin" if "cors-allow-origin" in written else "enable-cors", Fidelity.LOST, why)
        yield from (
            written.fate(name, Fidelity.LOST, "goes with cors-allow-origin")
            for name in names
            if name != "cors-allow-origin"
        )
        return
    yield AnnotationEffect(filters=({"type": "CORS", "cors": _filter(written, origins)},))
    yield written.approximate("enable-cors", _PREFLIGHT)
    yield from (written.exact(name, f"CORS filter, {field}") for name, field in _FIELDS.items() if name in written)
    if "cors-allow-credentials" in written:
        any_origin = "browsers take no credentials from an answer for every origin, so that none are allowed here"
        yield written.exact("cors-allow-credentials", any_origin if "*" in origins else "CORS filter, allowCredentials")


def _filter(written: NginxAnnotations, origins: tuple[str, ...]) -> dict[str, Any]:
    methods = [each for each in written.words("cors-allow-methods") if each in _KNOWN_METHODS] or list(_METHODS)
    # Envoy would name each origin in the place of "*", and browsers would then take credentials from anywhere.
    credentials = written.boolean("cors-allow-credentials", default=True) and "*" not in origins
    age = written.integer("cors-max-age")
    exposed = written.words("cors-expose-headers")
    return {
        "allowOrigins": list(dict.fromkeys(origins)),
        **({"allowCredentials": True} if credentials else {}),
        "allowMethods": list(dict.fromkeys(methods)),
        "allowHeaders": list(dict.fromkeys(written.words("cors-allow-headers") or _HEADERS)),
        **({"exposeHeaders": list(dict.fromkeys(exposed))} if exposed else {}),
        "maxAge": _MAX_AGE if age is None or age < 1 else age,
    }
