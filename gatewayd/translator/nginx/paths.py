"""Which requests a path of an Ingress is for, as matches of an HTTPRoute, and what becomes of their path.

In ingress-nginx one path of a host that is an expression makes all paths of that host expressions: without regard to
case, and for all that begins like them. https://kubernetes.github.io/ingress-nginx/user-guide/ingress-path-matching/
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import re2

from gatewayd.translator.nginx.annotations import JSON, MOST_LETTERS, NginxAnnotations
from gatewayd.translator.nginx.fates import Fate, Fidelity
from gatewayd.translator.nginx.readable import filter_problem
from gatewayd.untrusted.regexes import regex_problem

_GROUP: Final = re.compile(r"\$(?:([0-9])|\{([0-9])\})")
_LITERAL: Final = re.compile(r"[A-Za-z0-9/_~-]*")
_SUBSTITUTION: Final = re.compile(r"[!\"$->@-~]*")
"""What a RouteFilter takes: visible ASCII but '?' and '#'."""
_NO_PATH: Final = re.compile(r"^(?!/)|//|/\.\.?(?:/|$)")
"""What no path of a request is like once slashes are merged and dots are resolved."""
_UNESCAPED: Final = "/-._~!$&'()*+,;=:@"
"""https://www.rfc-editor.org/rfc/rfc3986#section-3.3"""
ROOT: Final = "/"
_BEGINNING: Final = 400
"""Letters of a path that is too long by which it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """What an Ingress of ingress-nginx does to paths: `target` "" is nothing."""

    target: str = ""
    use_regex: bool = False

    def is_expression(self, path: str) -> bool:
        """Return whether a path of the Ingress makes all paths of its host expressions."""
        return self.use_regex or self.changes(path)

    def changes(self, path: str) -> bool:
        """Return whether requests for a path of the Ingress have another path at the backend."""
        return bool(self.target) and self.target != path


@dataclass(frozen=True, slots=True, kw_only=True)
class PathForm:
    """How a path is matched and rewritten: `filters` of the rule, and the spec of its RouteFilter.

    `slashed` is the path with a slash at its end to which nginx sends requests without that slash, "" for none.
    `unmatched` says why nothing can match in its place; the matches are then those of what it begins with. Without
    `matches` there never was a request for it.
    """

    matches: tuple[JSON, ...]
    filters: tuple[JSON, ...] = ()
    own_filter: JSON = field(default_factory=dict)
    slashed: str = ""
    unmatched: str = ""

    @property
    def is_rewritten(self) -> bool:
        """Return whether backends get another path: one that is rewritten to what it is stays as it is."""
        return bool(self.filters or self.own_filter)


def rewriting(written: NginxAnnotations) -> Rewriting:
    """Return what an Ingress does to paths."""
    return Rewriting(target=written.text("rewrite-target"), use_regex=written.boolean("use-regex"))


def rewriting_fates(written: NginxAnnotations) -> Iterator[Fate]:
    """Yield what becomes of use-regex and rewrite-target."""
    if "use-regex" in written:
        note = "every path of its hosts, in other Ingresses too, is an expression without regard to case"
        yield written.exact("use-regex", note if written.boolean("use-regex") else "paths are no expressions")
    target = written.text("rewrite-target")
    if "rewrite-target" in written and not target:
        yield written.exact("rewrite-target", "it was empty, and had no effect")
    elif target:
        why = _unwritable(target)
        if why:
            yield written.fate("rewrite-target", Fidelity.LOST, f"{why}; these paths answer 500")
        else:
            yield written.exact("rewrite-target", "the whole path is replaced, as nginx did; its paths are expressions")


def _unwritable(target: str) -> str:
    """Return why a rewrite cannot be had, "" where it can."""
    if "://" in target:
        return "a redirect to another address by expression"
    if "?" in target:
        return "a rewrite that adds to the query"
    if "$" in _GROUP.sub("", target):
        return "a rewrite with variables of nginx"
    if len(target) > MOST_LETTERS:
        return f"a rewrite to a path of more than {MOST_LETTERS} letters"
    return "" if _SUBSTITUTION.fullmatch(target) else "a rewrite to a path with letters that no path has"


def plain(path: str, *, exact: bool) -> PathForm:
    """Return how a path of an Ingress is matched by segments, or as a whole."""
    if path == ROOT and not exact:
        return PathForm(matches=({},))
    if _NO_PATH.search(path):
        return PathForm(matches=())
    # What clients may not send as it is, they send with escapes.
    spelled = quote(path, safe=_UNESCAPED)
    if len(spelled) > MOST_LETTERS:
        return _too_long(re.escape(spelled[:_BEGINNING]))
    match = {"path": {"type": "Exact" if exact else "PathPrefix", "value": spelled}}
    return PathForm(matches=(match,), slashed=spelled if path.endswith("/") and path != ROOT else "")


def expression(path: str, rewriting: Rewriting) -> PathForm:
    """Return how a path is matched where paths of its host are expressions, and what becomes of it."""
    # What begins with "^" holds for the first of several alternatives only: the others may stand anywhere.
    pattern = f"(?i).*?(?:^{path}).*" if _has_alternatives(path) else f"(?i){path}.*"
    problem = regex_problem(pattern)
    if len(pattern) > MOST_LETTERS:
        return _too_long(f"(?i){re.escape(path[:_BEGINNING])}")
    if problem is not None:
        beginning = _LITERAL.match(path)
        literal = beginning[0] if beginning is not None else ""
        pattern = f"(?i){literal or '/'}.*"
        return PathForm(matches=(_regex(pattern),), unmatched=f"{path} is no expression of RE2: {problem}")
    form = PathForm(matches=(_regex(pattern),))
    return form if not rewriting.changes(path) else _rewritten(form, pattern, rewriting.target)


def _too_long(beginning: str) -> PathForm:
    """Return that nobody gets what is longer than a path of a route: what begins like it goes to no other path."""
    return PathForm(matches=(_regex(f"{beginning}.*"),), unmatched=f"has more than {MOST_LETTERS} letters")


def _has_alternatives(pattern: str) -> bool:
    """Return whether an expression is several with `|` between them, outside of groups and classes."""
    depth, in_class, escaped = 0, False, False
    for letter in pattern:
        if escaped:
            escaped = False
        elif letter == "\\":
            escaped = True
        elif in_class:
            in_class = letter != "]"
        elif letter == "[":
            in_class = True
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "|" and depth == 0:
            return True
    return False


def _regex(pattern: str) -> JSON:
    return {"path": {"type": "RegularExpression", "value": pattern}}


def _rewritten(form: PathForm, pattern: str, target: str) -> PathForm:
    why = _unwritable(target)
    if why:
        return PathForm(matches=form.matches, unmatched=f"rewrite-target: {why}")
    most = re2.compile(pattern).groups
    # nginx writes nothing for a group that the expression does not have.
    target = _GROUP.sub(lambda group: group[0] if int(group[1] or group[2]) <= most else "", target)
    path = {"type": "ReplaceFullPath", "replaceFullPath": _absolute(target)}
    rewriting = {"type": "URLRewrite", "urlRewrite": {"path": path}}
    # A path that a route would not write, such as one with `//` where a group was, an expression writes.
    if not _GROUP.search(target) and not filter_problem(rewriting):
        return PathForm(matches=form.matches, filters=(rewriting,))
    substitution = _GROUP.sub(lambda group: rf"\{group[1] or group[2]}", target.replace("\\", "\\\\"))
    rewrite = {"pattern": f"^{pattern}$", "substitution": _absolute(substitution)}
    return PathForm(matches=form.matches, own_filter={"pathRewrite": rewrite})


def _absolute(path: str) -> str:
    r"""Return a path with a slash in front; what begins with a group, such as `\1`, may bring its own."""
    return path if path.startswith(("/", "\\")) else f"/{path}"
