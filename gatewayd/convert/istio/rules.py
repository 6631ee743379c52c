"""The rules of a VirtualService: what they match, and what becomes of such requests, before they are put in order.

A rule that leads on to another VirtualService is the rules of that one, narrowed to what it is for itself.
https://istio.io/latest/docs/reference/config/networking/virtual-service/#VirtualService
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from gatewayd.api.meta import ObjectKey
from gatewayd.convert.answers import CLOSED, ERRORS, answer, answering
from gatewayd.convert.draft import JSON, DraftRule, path_word
from gatewayd.convert.fields import Fields, closing
from gatewayd.convert.istio import passage
from gatewayd.convert.istio.destinations import Whither, weighted_refs
from gatewayd.convert.istio.matches import ALL, IstioMatch, istio_match
from gatewayd.convert.istio.paths import Rewrite, redirect, rewrite
from gatewayd.convert.matching import as_expression, common
from gatewayd.convert.read_source import ReadSource
from gatewayd.ir.http import RequestMatch
from gatewayd.translator.nginx.filters import joined

RULES: Final = "spec.http"


@dataclass(frozen=True, slots=True, kw_only=True)
class IstioRule:
    """A rule with all its matches; `owner` has its `written` fields, and `above` are rules that have led on to it."""

    owner: ReadSource
    written: Fields
    matches: tuple[IstioMatch, ...]
    action: DraftRule
    above: tuple[tuple[ReadSource, Fields], ...] = ()

    @property
    def closed(self) -> tuple[str, ...]:
        """The fields that have kept somebody out and are lost, as far as everything has been read."""
        parts = ((self.owner, self.written), *self.above)
        return tuple(path for owner, part in parts for path in closing(owner.fates, part.path, RULES))

    @property
    def root(self) -> ReadSource:
        """The VirtualService that has hosts."""
        return self.above[0][0] if self.above else self.owner

    def placed(self, of: IstioMatch, match: RequestMatch, *, is_open: bool) -> DraftRule:
        """Return what becomes of requests for one of its matches, as far as `match` has them."""
        if not is_open:
            return answering(self._title(of), (), CLOSED)
        changed = self._rewrite(of, match)
        own_filter = {**self.action.own_filter, **(changed.own_filter or {})}
        filters = (*changed.filters, *self.action.filters)
        return replace(self.action, title=self._title(of), filters=filters, own_filter=own_filter)

    def _rewrite(self, of: IstioMatch, match: RequestMatch) -> Rewrite:
        if self.written.one("redirect") or self.written.one("directResponse"):
            return Rewrite()
        changed = rewrite(self.written.one("rewrite"), of, match)
        host = passage.host_of(self.written.one("headers"))
        if host and not changed.filters:
            return changed._replace(filters=({"type": "URLRewrite", "urlRewrite": {"hostname": host}},))
        return changed

    def _title(self, of: IstioMatch) -> str:
        return path_word(self.written.text("name") or as_expression(of.match.path).removesuffix("(/.*)?"))


def istio_rules(
    owner: ReadSource, all_services: Mapping[ObjectKey, ReadSource], whither: Whither
) -> tuple[IstioRule, ...]:
    """Return the rules of a VirtualService in their order; those of others that it leads on to among them."""
    rules: list[IstioRule] = []
    for written in owner.spec.many("http"):
        delegate = written.one("delegate")
        if delegate:
            rules.extend(_delegated(owner, written, all_services, whither))
        else:
            rules.append(_rule(owner, written, whither))
    return tuple(rules)


def _delegated(
    owner: ReadSource, written: Fields, all_services: Mapping[ObjectKey, ReadSource], whither: Whither
) -> Iterator[IstioRule]:
    ref = written.one("delegate")
    key = ObjectKey(ref.text("namespace") or owner.key.namespace, ref.text("name"))
    found = all_services.get(key)
    if found is None or found.spec.texts("hosts"):
        ref.lost("", f"no VirtualService {key} without hosts is among the files; these requests go on to later rules")
        written.ignore(*written.names())
        return
    below = found.spec.many("http")
    above = _matches(written, by_letters=any(map(_keeps_out, below)))
    for each in below:
        rule = _rule(found, each, replace(whither, namespace=key.namespace))
        matches = tuple(narrow for one in above for other in rule.matches if (narrow := _both(one, other)) is not None)
        if any(not common(one.match, other.match).is_known for one in above for other in rule.matches):
            each.lost("match", "it and the rule that leads to it have expressions, which cannot be joined")
        yield replace(rule, matches=matches, above=((owner, written),))


def _both(one: IstioMatch, other: IstioMatch) -> IstioMatch | None:
    both = common(one.match, other.match)
    if both.match is None:
        return None
    of = other if both.match.path == other.match.path else one
    return IstioMatch(
        match=both.match,
        prefix=of.prefix,
        ignores_case=of.ignores_case,
        gateways=(*one.gateways, *other.gateways),
        port=one.port or other.port,
    )


def _rule(owner: ReadSource, written: Fields, whither: Whither) -> IstioRule:
    matches = _matches(written, by_letters=_keeps_out(written))
    action = _action(written, whither)
    for match in matches:
        rewrite(written.one("rewrite"), match, match.match)
    written.ignore("name")
    return IstioRule(owner=owner, written=written, matches=matches, action=action)


def _keeps_out(written: Fields) -> bool:
    """Return whether a rule lets nobody in: it must not let in who was kept out because segments are not letters."""
    aborts = bool(written.one("fault").one("abort"))
    return aborts or written.one("directResponse").number("status") >= ERRORS


def _matches(written: Fields, *, by_letters: bool) -> tuple[IstioMatch, ...]:
    return tuple(istio_match(each, by_letters=by_letters) for each in written.many("match")) or (ALL,)


def _action(written: Fields, whither: Whither) -> DraftRule:
    said = written.one("directResponse")
    if said:
        return DraftRule(title="", matches=(), own_filter=_answer(said))
    if written.one("redirect"):
        return DraftRule(title="", matches=(), filters=(redirect(written.one("redirect")),))
    routes = written.many("route")
    own_filters = [list(passage.headers(each.one("headers"), of_backend=True)) for each in routes]
    alone = len(routes) == 1
    filters = (
        *passage.headers(written.one("headers")),
        *passage.cors(written.one("corsPolicy")),
        *passage.mirrors(written, whither),
    )
    return DraftRule(
        title="",
        matches=(),
        filters=_joined([*filters, *own_filters[0]]) if alone else filters,
        backends=weighted_refs(routes, whither, [[]] if alone else own_filters),
        more=passage.times(written),
        passage=passage.fault(written.one("fault")),
    )


def _joined(filters: list[JSON]) -> tuple[JSON, ...]:
    """Return filters of which each type of header modifier stands there once; of others there may be several."""
    modifiers = [each for each in filters if each["type"].endswith("HeaderModifier")]
    return (*joined(modifiers), *(each for each in filters if each not in modifiers))


def _answer(written: Fields) -> JSON:
    body = written.one("body")
    text = body.text("string")
    if "bytes" in body:
        try:
            text = base64.b64decode(body.text("bytes")).decode()
        except (binascii.Error, UnicodeDecodeError):
            body.lost("bytes", "the answer has no body, since these are no bytes of a text")
    return answer(body, "", written.number("status"), text)
