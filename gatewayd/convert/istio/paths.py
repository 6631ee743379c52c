"""What a VirtualService does to paths and hosts: rewrites and redirects.

https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRewrite
"""

import re
from typing import Any, Final, NamedTuple

from gatewayd.convert.conditions import check_expression
from gatewayd.convert.draft import JSON
from gatewayd.convert.fields import Fields
from gatewayd.convert.istio.matches import IstioMatch
from gatewayd.convert.matching import as_expression, escaped
from gatewayd.ir.http import ExactPath, PrefixPath, RequestMatch

_CODES: Final = (301, 302, 303, 307, 308)
_GROUP: Final = re.compile(r"\\[0-9]")
_VARIABLE: Final = re.compile(r"%[A-Z_]+\(?.*%")
_DEFAULT_CODE: Final = 301


class Rewrite(NamedTuple):
    """A filter of a rule, and the spec of its RouteFilter: one of both at most changes the path."""

    filters: tuple[JSON, ...] = ()
    own_filter: JSON | None = None


def rewrite(written: Fields, of: IstioMatch, placed: RequestMatch) -> Rewrite:
    """Return what becomes of the path and the host of requests that a match is for, as far as `placed` has them."""
    if not written:
        return Rewrite()
    authority = written.text("authority")
    host: dict[str, Any] = {"hostname": authority.lower()} if authority else {}
    if ":" in authority:
        written.lost("authority", f"{authority}: backends are told a host without a port")
        host = {}
    regex, uri = written.one("uriRegexRewrite"), written.text("uri")
    if regex:
        return _with_host(host, own_filter=_substituted(regex))
    if not uri:
        return _with_host(host)
    return _prefix(written, host, of, placed) if of.prefix else _whole(uri, host, of)


def _whole(uri: str, host: dict[str, Any], of: IstioMatch) -> Rewrite:
    """Return what replaces a path, which may have groups of the expression that it was matched by."""
    if isinstance(of.match.path, ExactPath) or not _GROUP.search(uri):
        return _with_host({**host, "path": {"type": "ReplaceFullPath", "replaceFullPath": uri}})
    pattern = f"^{as_expression(of.match.path)}$"
    return _with_host(host, own_filter={"pathRewrite": {"pattern": pattern, "substitution": uri}})


def _prefix(written: Fields, host: dict[str, Any], of: IstioMatch, placed: RequestMatch) -> Rewrite:
    """Return what replaces a prefix, which Istio does letter by letter and an HTTPRoute by segments."""
    uri, ends, starts = written.text("uri"), of.prefix.endswith("/"), written.text("uri").endswith("/")
    alike = ends == starts
    by_segments = alike or (starts and not ends)
    if by_segments and not alike:
        alone = f", and {of.prefix} becomes {uri.rstrip('/')}" if uri != "/" else ""
        message = f"{of.prefix}/x becomes {uri}x, as it was meant; it was {uri}/x{alone}"
        written.approximate("uri", message)
    if by_segments and isinstance(placed.path, PrefixPath) and placed.path == of.match.path:
        return _with_host({**host, "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": uri}})
    slash = "/?" if by_segments and not alike else ""
    pattern = f"{'(?i)' if of.ignores_case else ''}^{escaped(of.prefix)}{slash}"
    return _with_host(host, own_filter={"pathRewrite": {"pattern": pattern, "substitution": _literal(uri)}})


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\")


def _with_host(changed: JSON, own_filter: JSON | None = None) -> Rewrite:
    filters = ({"type": "URLRewrite", "urlRewrite": changed},) if changed else ()
    return Rewrite(filters, own_filter)


def _substituted(written: Fields) -> JSON | None:
    pattern, substitution = written.text("match"), written.text("rewrite")
    if not check_expression(written, "match", pattern):
        return None
    return {"pathRewrite": {"pattern": pattern, "substitution": substitution}}


def redirect(written: Fields) -> JSON:
    """Return the filter that sends clients elsewhere."""
    uri, authority = written.text("uri"), written.text("authority").lower()
    hostname, _, port = authority.partition(":")
    number = written.number("port") or (int(port) if port.isdigit() else 0)
    scheme = written.text("scheme")
    code = written.number("redirectCode", _DEFAULT_CODE)
    if _VARIABLE.search(uri) or uri == "%PREFIX()%":
        written.lost("uri", "a path with variables; clients are sent to the path that they asked for")
        uri = ""
    if code not in _CODES:
        written.approximate("redirectCode", f"{_DEFAULT_CODE}; allowed are {', '.join(map(str, _CODES))}")
        code = _DEFAULT_CODE
    if "derivePort" in written:
        written.approximate("derivePort", "the port of the listener, or of the scheme where that is named")
    changed = {
        **({"scheme": scheme} if scheme else {}),
        **({"hostname": hostname} if hostname else {}),
        **({"port": number} if number else {}),
        **({"path": {"type": "ReplaceFullPath", "replaceFullPath": uri}} if uri else {}),
        "statusCode": code,
    }
    return {"type": "RequestRedirect", "requestRedirect": changed}
