"""Filters that several annotations ask for, as the ones that a rule takes."""

from collections.abc import Iterable

from gatewayd.translator.nginx.annotations import JSON


def joined(filters: Iterable[JSON]) -> tuple[JSON, ...]:
    """Join filters of one type, of which a rule takes one: a rewrite of the path and one of the host, headers."""
    by_type: dict[str, JSON] = {}
    for each in filters:
        kind = each["type"]
        [field] = [name for name in each if name != "type"]
        before = by_type.get(kind, {field: {}})[field]
        by_type[kind] = {"type": kind, field: _merged(before, each[field])}
    return tuple(by_type.values())


def _merged(one: JSON, other: JSON) -> JSON:
    lists = {name: [*one[name], *other[name]] for name in one if name in other and isinstance(one[name], list)}
    return {**one, **other, **lists}
