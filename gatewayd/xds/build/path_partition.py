"""Which rules of a large virtual host can hold for a path, by what the path begins with.

In: where each rule can hold, in the order of precedence. Out: keys, each with the rules that can hold for the paths
whose longest key it is, in the same order. A list that is asked for such a path answers what all the rules would.

Why that is so: a path that a rule holds for begins with the rule's stem, and with its longest key. So one of the two
begins with the other. The stem is the longer one: then the key is the longest key of the stem as well, and the rule is
the key's own. The key is the longer one: then the key inherits the rule, unless the element of the path where the stem
ends goes on in the key.

Keys are few on purpose. Asking as many routes as a leaf may have costs Envoy less than what a request costs anyway, and
each key repeats the rules that it inherits. A key is made only where it owns more rules than it inherits, so all lists
together are at most twice as long as the one that they replace, whatever the rules are: a thousand rules on "/" beside
a thousand deeper ones just leave longer lists.

Three passes:
  count   the stems as a tree, each node with the number of the rules below it; a node that is short enough has no parts
  choose  from the leaves of that tree to its root: which nodes become keys; what a key owns counts no more above it
  assign  the rules of each stem to the longest key that the stem begins with; then each key inherits
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress, count
from operator import itemgetter, ne
from typing import assert_never

import re2

from gatewayd.ir.http import ExactPath, PathMatch, PrefixPath, RegexPath
from gatewayd.ir.limits import LEAF_RULES

_LONGEST_STEM = 256
_Rules = list[int]


@dataclass(frozen=True, slots=True)
class Reach:
    """A rule holds for no path that does not begin with `stem`; one that goes on does so with `below`, None: none does.

    `stem` has no "?" or "#": it is compared with a path that still has its query.
    """

    stem: str
    below: str | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """`rules` are the indexes of all rules that can hold for a path of which `key` is the longest key."""

    key: str
    rules: tuple[int, ...]


def reach(path: PathMatch) -> Reach:
    """Return where a rule with such a path can hold."""
    match path:
        case ExactPath():
            return Reach(_before_query(path.value), None)
        case PrefixPath(value="/"):
            return Reach("/", "")
        case PrefixPath():
            return Reach(_before_query(path.value), "/")
        case RegexPath():
            return Reach(_before_query(_literal(path.pattern)), "")
        case _:
            assert_never(path)


def leaves(reaches: Sequence[Reach]) -> tuple[Leaf, ...]:
    """Return the leaves, sorted by key: the first has the key "" and is for paths that have no other key."""
    of_stem: dict[str, _Rules] = {}
    for rule, rule_reach in enumerate(reaches):
        of_stem.setdefault(rule_reach.stem, []).append(rule)
    stems = sorted(of_stem)
    inherited = _inherited(reaches, of_stem)
    own: dict[str, _Rules] = {key: [] for key in ("", *sorted(_chosen(stems, of_stem, inherited)))}
    for stem, key in _assigned(stems, tuple(own)):
        own[key] += of_stem[stem]
    return tuple(Leaf(key, tuple(sorted((*rules, *inherited(key))))) for key, rules in own.items())


def _before_query(text: str) -> str:
    return text.partition("?")[0].partition("#")[0]


def _literal(pattern: str) -> str:
    """Return what every match of an expression begins with, as far as RE2 itself can tell."""
    try:
        # RE2 promises that every match lies between the two: https://github.com/google/re2/blob/main/re2/re2.h
        least, greatest = re2.compile(pattern).possiblematchrange(_LONGEST_STEM)
    except re2.error:
        return ""
    shared = _shared(least.decode("latin-1"), greatest.decode("latin-1"))
    return shared[: next((at for at, char in enumerate(shared) if not char.isascii()), None)]


def _shared(one: str, other: str) -> str:
    """Return what both begin with."""
    return one[: next(compress(count(), map(ne, one, other)), min(len(one), len(other)))]


def _inherited(reaches: Sequence[Reach], of_stem: dict[str, _Rules]) -> Callable[[str], _Rules]:
    """Return what gives the rules that can hold below a key although their stem ends before it."""
    open_ends = {len(each.stem) for each in reaches if each.below == ""}

    def inherited(key: str) -> _Rules:
        ends = {end for end in open_ends if end < len(key)}
        end = key.find("/")
        while end >= 0:
            ends.add(end)
            end = key.find("/", end + 1)
        return [
            rule
            for end in ends
            for rule in of_stem.get(key[:end], ())
            if (below := reaches[rule].below) is not None and key.startswith(below, end)
        ]

    return inherited


@dataclass(slots=True)
class _Node:
    """All stems that begin with `prefix`; `left` counts those of their rules that no key has taken yet."""

    prefix: str
    left: int
    parts: "list[_Node]" = field(default_factory=list)


def _chosen(stems: list[str], of_stem: dict[str, _Rules], inherited: Callable[[str], _Rules]) -> Iterator[str]:
    """Choose: yield a key for each part of what is too long, from the longest keys to the shortest."""
    for node in reversed(_counted(stems, of_stem)):
        node.left += sum(part.left for part in node.parts)
        if node.left <= LEAF_RULES:
            continue
        for part in node.parts:
            if part.left > len(inherited(part.prefix)):
                node.left -= part.left
                yield part.prefix


def _counted(stems: list[str], of_stem: dict[str, _Rules]) -> list[_Node]:
    """Count: return the tree of the stems, what is above before what is below; what is short enough is not parted."""
    before = [0, *accumulate(len(of_stem[stem]) for stem in stems)]
    nodes: list[_Node] = []
    todo: list[tuple[int, int, list[_Node]]] = [(0, len(stems), [])] if stems else []
    while todo:
        start, end, siblings = todo.pop()
        node = _Node(_shared(stems[start], stems[end - 1]), before[end] - before[start])
        siblings.append(node)
        nodes.append(node)
        if node.left <= LEAF_RULES:
            continue
        length = len(node.prefix)
        if len(stems[start]) == length:
            start += 1
        node.left -= before[end] - before[start]
        while start < end:
            next_start = bisect_right(stems, stems[start][length], start, end, key=itemgetter(length))
            todo.append((start, next_start, node.parts))
            start = next_start
    return nodes


def _assigned(stems: list[str], keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Assign: return each stem with the longest key that it begins with; both are sorted, and the first key is ""."""
    assigned = [""] * len(stems)
    # A key comes before those that begin with it, which take their part of its stems.
    for key in keys:
        start = bisect_left(stems, key)
        end = bisect_right(stems, key, start, key=itemgetter(slice(len(key))))
        assigned[start:end] = [key] * (end - start)
    return zip(stems, assigned, strict=True)
