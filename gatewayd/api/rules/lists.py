"""Lists whose elements must differ, as `scalars.SET` and `scalars.map_list` mark them on the structs.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
"""

from functools import cache
from typing import NamedTuple

from msgspec import Struct, inspect

from gatewayd.api.meta import Problem, Problems


class _Marked(NamedTuple):
    attribute: str
    wire: str
    keys: tuple[str, ...]


def elements_unique(value: Struct) -> Problems:
    """Check that no element of a marked list repeats another one: as a whole, or in the keys of a map list."""
    for attribute, wire, keys in _marked(type(value)):
        seen: dict[object, int] = {}
        for index, element in enumerate(getattr(value, attribute)):
            identity = tuple(getattr(element, key) for key in keys) if keys else element
            before = seen.setdefault(identity, index)
            if before != index:
                what = f"; {' and '.join(keys)} must be unique" if keys else "; values must be unique"
                yield Problem(path=f"{wire}[{index}]", message=f"repeats {wire}[{before}]{what}")


@cache
def _marked(struct: type[Struct]) -> tuple[_Marked, ...]:
    info = inspect.type_info(struct)
    if not isinstance(info, inspect.StructType):
        return ()
    marked = []
    for field in info.fields:
        extra = field.type.extra if isinstance(field.type, inspect.Metadata) else None
        if extra and extra.keys() & {"list_type", "list_map_keys"}:
            marked.append(_Marked(field.name, field.encode_name, extra.get("list_map_keys", ())))
    return tuple(marked)
