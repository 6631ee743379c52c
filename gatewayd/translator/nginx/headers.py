"""Annotations of ingress-nginx about headers, and the lines of a snippet that do no more than set some.

https://nginx.org/en/docs/http/ngx_http_headers_module.html, https://github.com/openresty/headers-more-nginx-module
"""

import re
from typing import Any, Final

from gatewayd.translator.nginx.annotations import HOST, AnnotationEffect, Effects, NginxAnnotations
from gatewayd.translator.nginx.fates import Fidelity

_NAME: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_VALUE: Final = r"""(?:"(?P<double>[^"$\\]*)"|'(?P<single>[^'$\\]*)'|(?P<bare>[^\s;"'$\\]+))"""
_DIRECTIVES: Final = (
    ("request", "set", re.compile(rf"proxy_set_header\s+(?P<name>{_NAME})\s+{_VALUE}")),
    ("response", "add", re.compile(rf"add_header\s+(?P<name>{_NAME})\s+{_VALUE}(?:\s+always)?")),
    ("response", "set", re.compile(rf"more_set_headers\s+['\"](?P<name>{_NAME}):\s*(?P<bare>[^'\"$\\]*)['\"]")),
)
"""Lines that set a header to a text without variables: of what, how, and what they are like."""
_COMMENT: Final = re.compile(r"^\s*#.*$", re.MULTILINE)
_SNIPPET: Final = "configuration-snippet"
_FILTERS: Final = {"request": "RequestHeaderModifier", "response": "ResponseHeaderModifier"}
_FIELDS: Final = {"request": "requestHeaderModifier", "response": "responseHeaderModifier"}


def hosts_and_prefixes(written: NginxAnnotations) -> Effects:
    """Yield the host and the prefix that backends are told: upstream-vhost, x-forwarded-prefix."""
    vhost = written.text("upstream-vhost")
    if "upstream-vhost" in written and HOST.fullmatch(vhost):
        yield AnnotationEffect(filters=({"type": "URLRewrite", "urlRewrite": {"hostname": vhost}},))
        yield written.exact("upstream-vhost", "URLRewrite hostname")
    elif "upstream-vhost" in written:
        yield written.fate("upstream-vhost", Fidelity.LOST, "only a host name without a port and variables can be told")
    prefix = written.text("x-forwarded-prefix")
    if "x-forwarded-prefix" in written and not written.text("rewrite-target"):
        yield written.exact("x-forwarded-prefix", "without rewrite-target it had no effect")
    elif "x-forwarded-prefix" in written and prefix and "$" not in prefix:
        yield AnnotationEffect(rewritten=(_modifier("request", {"set": [("X-Forwarded-Prefix", prefix)]}),))
        yield written.exact("x-forwarded-prefix", "RequestHeaderModifier")
    elif "x-forwarded-prefix" in written:
        yield written.fate("x-forwarded-prefix", Fidelity.LOST, "only a text without variables can be told")


def snippet(written: NginxAnnotations) -> Effects:
    """Yield what the lines of configuration-snippet do; of one that does more than set headers, nothing."""
    if _SNIPPET not in written:
        return
    changes: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for line in filter(None, map(str.strip, _COMMENT.sub("", written.text(_SNIPPET)).split(";"))):
        change = _change(line)
        if change is None:
            shown = line.splitlines()[0][:60]
            why = f"`{shown}` may be a protection; only lines that set a header to a text are read"
            yield written.fate(_SNIPPET, Fidelity.LOST, why, protects=True)
            return
        side, how, header = change
        changes.setdefault(side, {}).setdefault(how, []).append(header)
    yield AnnotationEffect(filters=tuple(_modifier(side, done) for side, done in changes.items()))
    yield written.approximate(_SNIPPET, "header modifiers; nginx's add_header leaves out those of errors")


def _change(line: str) -> tuple[str, str, tuple[str, str]] | None:
    for side, how, directive in _DIRECTIVES:
        match = directive.fullmatch(line)
        if match is not None:
            groups = match.groupdict()
            value = next((text for key in ("double", "single", "bare") if (text := groups.get(key)) is not None), "")
            return (side, how, (match["name"], value.strip())) if value.strip() else None
    return None


def _modifier(side: str, changes: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    headers = {
        how: [{"name": name, "value": value} for name, value in dict(pairs).items()] for how, pairs in changes.items()
    }
    return {"type": _FILTERS[side], _FIELDS[side]: headers}
