"""Rules of a large virtual host -> a matcher that finds the few that can hold by the path's beginning.

Envoy asks the routes of a virtual host one after the other: the last of 5,000 costs more than all the rest of the
request. A matcher narrows them down to one list by the longest prefix of `:path` that it knows, and that list is asked
as before, with every condition of its routes; nothing is decided by the matcher itself. It does not go on elsewhere
when no route of the list holds, so a list has all rules that can hold (`partition`), and the fallback.

The bytes are a function of the rules alone, whatever came before: two replicas make the same.
Matcher: https://www.envoyproxy.io/docs/envoy/v1.40.0/intro/arch_overview/advanced/matching/matching_api
"""

from typing import Any

from envoy.config.route.v3 import route_components_pb2 as pb
from envoy.type.matcher.v3 import http_inputs_pb2
from google.protobuf import any_pb2
from xds.core.v3 import extension_pb2
from xds.type.matcher.v3 import matcher_pb2

from gatewayd.ir.http import Route, RuleRef
from gatewayd.ir.limits import LONGEST_LIST
from gatewayd.xds.build.path_partition import Leaf, Reach, leaves, reach
from gatewayd.xds.encoding import field, field_head, packed, serialised
from gatewayd.xds.memo import Memo

_Tree = matcher_pb2.Matcher.MatcherTree
_MATCHER = pb.VirtualHost.MATCHER_FIELD_NUMBER
_MATCHER_TREE = matcher_pb2.Matcher.MATCHER_TREE_FIELD_NUMBER
_ON_NO_MATCH = matcher_pb2.Matcher.ON_NO_MATCH_FIELD_NUMBER
_PREFIXES = _Tree.PREFIX_MATCH_MAP_FIELD_NUMBER
_ENTRY = _Tree.MatchMap.MAP_FIELD_NUMBER
_KEY, _VALUE = 1, 2  # of any map: https://protobuf.dev/programming-guides/encoding/#maps
_ACTION = matcher_pb2.Matcher.OnMatch.ACTION_FIELD_NUMBER
_CONFIG = extension_pb2.TypedExtensionConfig.TYPED_CONFIG_FIELD_NUMBER
_ANY_VALUE = any_pb2.Any.VALUE_FIELD_NUMBER
_LIST_TAG = field(pb.RouteList.ROUTES_FIELD_NUMBER, b"")[0]


def _extension(name: str, config: Any) -> Any:
    return extension_pb2.TypedExtensionConfig(name=name, typed_config=config)


_PATH = http_inputs_pb2.HttpRequestHeaderMatchInput(header_name=":path")
_TREE_HEAD = serialised(_Tree(input=_extension("path", packed(_PATH))))
_ACTION_HEAD = serialised(_extension("rules", None))
_LIST_HEAD = serialised(any_pb2.Any(type_url=packed(pb.RouteList()).type_url))


class Tree:
    """The matcher of one virtual host, and the parts that the next one is made of."""

    __slots__ = ("_leaves", "_of", "_parts", "_reaches")

    def __init__(self) -> None:
        self._reaches: Memo[Route, Reach] = Memo(_reach, _source)
        self._of: tuple[Reach, ...] = ()
        self._leaves: tuple[Leaf, ...] = ()
        self._parts: dict[str, tuple[tuple[bytes, ...], bytes]] = {}

    def update(self, routes: tuple[Route, ...], entries: tuple[bytes, ...], rest: bytes) -> bytes | None:
        """Return the field `matcher` of the VirtualHost; None when no prefix parts the rules."""
        self._reaches.update(routes)
        if self._of is not self._reaches.results:
            self._of = self._reaches.results
            self._leaves = leaves(self._of)
        if len(self._leaves) < 2:
            self._parts = {}
            return None
        earlier, self._parts = self._parts, {}
        for leaf in self._leaves:
            listed = (*map(entries.__getitem__, leaf.rules), rest)
            part = earlier.get(leaf.key)
            if part is None or part[0] != listed:
                part = (listed, _part(leaf.key, listed))
            self._parts[leaf.key] = part
        return _matcher([part for _, part in self._parts.values()])


def rules_body(
    routes: tuple[Route, ...], entries: tuple[bytes, ...], rest: bytes, tree: Tree | None
) -> tuple[bytes, Tree | None]:
    """Return the fields of a VirtualHost that its rules are in, and what to give as `tree` the next time.

    In: the routes in order, the `route_entries` of each, and as `rest` those of the route that answers when none of
    them took a request, b"" for none; nothing else of the VirtualHost. `tree` None makes one when it is needed.
    """
    if len(routes) > LONGEST_LIST:
        tree = tree or Tree()
        matcher = tree.update(routes, entries, rest)
        if matcher is not None:
            return matcher, tree
    else:
        tree = None
    return b"".join((*entries, rest)), tree


def _matcher(parts: list[bytes]) -> bytes:
    """Put together what is done when no key is there, which comes first, and the entries of the map."""
    on_no_match, *entries = parts
    size = sum(map(len, entries))
    prefixes = field_head(_PREFIXES, size)
    tree = field_head(_MATCHER_TREE, len(_TREE_HEAD) + len(prefixes) + size)
    whole = len(tree) + len(_TREE_HEAD) + len(prefixes) + size + len(on_no_match)
    return b"".join((field_head(_MATCHER, whole), tree, _TREE_HEAD, prefixes, *entries, on_no_match))


def _part(key: str, listed: tuple[bytes, ...]) -> bytes:
    """Return an entry of the map, or for the key "" what is done when no key is there."""
    routes = field(_ANY_VALUE, _as_list(b"".join(listed)))
    on_match = field(_ACTION, _ACTION_HEAD + field(_CONFIG, _LIST_HEAD + routes))
    if not key:
        return field(_ON_NO_MATCH, on_match)
    return field(_ENTRY, field(_KEY, key.encode()) + field(_VALUE, on_match))


def _as_list(entries: bytes) -> bytes:
    """Return elements of a VirtualHost's routes as elements of a RouteList: only the tags, a byte each, differ."""
    encoded, at = bytearray(entries), 0
    while at < len(entries):
        encoded[at] = _LIST_TAG
        at += 1
        size = shift = 0
        while entries[at] > 0x7F:
            size |= (entries[at] & 0x7F) << shift
            shift += 7
            at += 1
        at += 1 + (size | entries[at] << shift)
    return bytes(encoded)


def _reach(route: Route, earlier: Reach | None) -> Reach:
    reached = reach(route.match.path)
    return earlier if earlier == reached else reached


def _source(route: Route) -> RuleRef:
    return route.source
