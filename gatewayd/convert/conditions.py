"""Conditions of routes that several other APIs have, and an HTTPRoute has otherwise."""

from enum import Enum, auto

from gatewayd.convert.draft import JSON
from gatewayd.convert.fields import Fields
from gatewayd.convert.matching import as_expression, escaped
from gatewayd.ir.http import PathMatch, PrefixPath, RegexPath
from gatewayd.translator.hostnames import one_label_pattern
from gatewayd.untrusted.regexes import regex_problem


class PrefixForm(Enum):
    """How a prefix is written, which is of letters in Istio and Contour, and of segments in an HTTPRoute."""

    PATH_PREFIX = auto()
    SEGMENTS = auto()
    """An expression for the same paths as a PathPrefix: it may stand before other expressions."""
    LETTERS = auto()
    """An expression for the same paths as there: what keeps somebody out must not let in who was kept out."""


def prefix_path(written: Fields, prefix: str, form: PrefixForm) -> PathMatch:
    """Return the paths that begin with `prefix`, and tell of the field `prefix` by how much they differ."""
    if prefix in ("", "/"):
        return PrefixPath(value="/")
    if form is PrefixForm.LETTERS:
        written.exact("prefix", "an expression, so that it keeps out what it has kept out, by letters")
        return RegexPath(pattern=f"{escaped(prefix)}.*")
    bare = prefix.rstrip("/")
    less = f"{bare} is like it" if bare != prefix else f"{prefix}x is not like it"
    written.approximate("prefix", f"PathPrefix, which goes by segments: {less}")
    path = PrefixPath(value=bare)
    return path if form is PrefixForm.PATH_PREFIX else RegexPath(pattern=as_expression(path))


def check_expression(written: Fields, name: str, pattern: str) -> bool:
    """Return whether an expression can be had; one that cannot is lost, and may have kept somebody out."""
    problem = regex_problem(pattern)
    if problem is not None:
        written.lost(name, problem, protects=True)
    return problem is None


def at_one_label(matches: tuple[JSON, ...], host: str) -> tuple[JSON, ...]:
    """Narrow matches to one label for a wildcard: in Ingresses and Contour it stands for no more, here for any number.

    https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards
    """
    if not host.startswith("*."):
        return matches
    narrow = {"type": "RegularExpression", "name": "Host", "value": one_label_pattern(host)}
    return tuple({**match, "headers": [*match.get("headers", ()), narrow]} for match in matches)
