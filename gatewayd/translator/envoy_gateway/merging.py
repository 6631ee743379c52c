"""One spec merged into the one above it, as Envoy Gateway's `mergeType` has it.

JSONMerge is https://www.rfc-editor.org/rfc/rfc7386. StrategicMerge does the same but for a few lists, whose elements
have a key and are merged one by one:
https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_OF_TARGETS: Final = ("targetRef", "targetRefs", "targetSelectors", "mergeType")
_STRATEGIC: Final = "StrategicMerge"
_KEYED: Final[Mapping[str, str]] = {
    "extAuth.contextExtensions": "name",
    "compression": "type",
    "compressor": "type",
    "httpUpgrade": "type",
}
"""Lists whose elements are told apart by a key, and which key; a list of which one element has none is replaced."""


def merged(above: Mapping[str, Any], below: Mapping[str, Any], merge_type: str) -> dict[str, Any]:
    """Return the spec that comes of both; the targets and the merge type are those of `below`."""
    base = {name: value for name, value in above.items() if name not in _OF_TARGETS}
    return _object(base, below, "", is_strategic=merge_type == _STRATEGIC)


def _object(above: Mapping[str, Any], below: Mapping[str, Any], path: str, *, is_strategic: bool) -> dict[str, Any]:
    result = dict(above)
    for name, value in below.items():
        here = f"{path}.{name}" if path else name
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _value(result.get(name), value, here, is_strategic=is_strategic)
    return result


def _value(above: Any, below: Any, path: str, *, is_strategic: bool) -> Any:
    if isinstance(below, Mapping):
        return _object(above if isinstance(above, Mapping) else {}, below, path, is_strategic=is_strategic)
    if is_strategic and path in _KEYED and isinstance(above, Sequence) and isinstance(below, Sequence):
        return _list(above, below, _KEYED[path], path)
    return below


def _list(above: Sequence[Any], below: Sequence[Any], key: str, path: str) -> list[Any]:
    named = [each for each in (*above, *below) if isinstance(each, Mapping) and isinstance(each.get(key), str)]
    if len(named) < len(above) + len(below):
        return list(below)
    elements: dict[str, Any] = {each[key]: each for each in above}
    for each in below:
        elements[each[key]] = _value(elements.get(each[key]), each, f"{path}[]", is_strategic=True)
    return list(elements.values())
