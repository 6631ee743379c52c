"""`tolerations`, `affinity` and `priorityClassName`: on which nodes the pods of a class may run, and before whom.

https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#affinity-and-anti-affinity
https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from gatewayd.api.scalars import SUBDOMAIN
from gatewayd.ir.infrastructure import Toleration
from gatewayd.translator.parameters.envoy_flags import shown
from gatewayd.translator.parameters.readers import Wrong

_OPERATORS: Final = ("Equal", "Exists")
_EFFECTS: Final = ("", "NoSchedule", "PreferNoSchedule", "NoExecute")
_FIELDS: Final = ("key", "operator", "value", "effect", "tolerationSeconds")
_AFFINITIES: Final = ("nodeAffinity", "podAffinity", "podAntiAffinity")
_NAME: Final = re.compile(SUBDOMAIN)
_LONGEST_NAME: Final = 253
MOST_TOLERATIONS: Final = 32
MOST_PARTS: Final = 500
"""Maps, lists and values of an affinity: text of a few thousand characters may stand for millions of them."""


def read_priority_class(text: str) -> str | Wrong:
    """Return the name of a PriorityClass. Whether there is one, pods will say: the API server refuses them else."""
    if len(text) <= _LONGEST_NAME and _NAME.fullmatch(text):
        return text
    return Wrong(why=f"{shown(text[:60])} is no name of a PriorityClass; allowed: such as system-cluster-critical")


def read_tolerations(read: object) -> tuple[Toleration, ...] | Wrong:
    """Return tolerations as the API server takes them."""
    if not isinstance(read, list) or len(read) > MOST_TOLERATIONS:
        return Wrong(why=f"not understood; a list of at most {MOST_TOLERATIONS} tolerations is allowed")
    tolerations = []
    for at, each in enumerate(read):
        if not isinstance(each, dict) or not each.keys() <= set(_FIELDS):
            return Wrong(why=f"[{at}]: not understood; a map with some of {', '.join(_FIELDS)} is allowed")
        why = _wrong(each)
        if why:
            return Wrong(why=f"[{at}]{why}")
        tolerations.append(_toleration(each))
    return tuple(tolerations)


def _wrong(each: Mapping[str, Any]) -> str:
    words = {name: each.get(name, "") for name in _FIELDS[:-1]}
    seconds = each.get("tolerationSeconds")
    operator = words["operator"] or "Equal"
    wrong = (
        (any(not isinstance(word, str) for word in words.values()), ": has a value that is no string; quote it"),
        (operator not in _OPERATORS, f".operator: not known; allowed: {', '.join(_OPERATORS)}"),
        (words["effect"] not in _EFFECTS, f".effect: not known; allowed: {', '.join(_EFFECTS[1:])}"),
        (operator == "Exists" and words["value"] != "", ".value: must not be set with Exists"),
        (operator == "Equal" and words["key"] == "", ".key: must be set, or the operator be Exists"),
        (seconds is not None and type(seconds) is not int, ".tolerationSeconds: is no whole number"),
        (
            seconds is not None and words["effect"] != "NoExecute",
            ".tolerationSeconds: goes with the effect NoExecute alone",
        ),
    )
    return next((why for is_wrong, why in wrong if is_wrong), "")


def _toleration(each: Mapping[str, Any]) -> Toleration:
    return Toleration(
        key=each.get("key", ""),
        operator=each.get("operator") or "Equal",
        value=each.get("value", ""),
        effect=each.get("effect", ""),
        seconds=each.get("tolerationSeconds"),
    )


def _is_small(value: object) -> bool:
    """Return whether a value has few parts: what YAML refers to by aliases counts each time."""
    parts, left = [value], MOST_PARTS
    while parts and left:
        part, left = parts.pop(), left - 1
        parts += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return not parts


def read_affinity(read: object) -> str | Wrong:
    """Return an affinity as JSON. What stands in its parts is for the API server to judge: only a class has it."""
    allowed = f"a map of {', '.join(_AFFINITIES)} is allowed"
    if not isinstance(read, dict) or not read.keys() <= set(_AFFINITIES):
        return Wrong(why=f"not understood; {allowed}")
    if not all(isinstance(each, dict) for each in read.values()):
        return Wrong(why=f"has a part that is no map; {allowed}")
    if not _is_small(read):
        return Wrong(why=f"has more than {MOST_PARTS} parts; as many are allowed")
    try:
        return json.dumps(read, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return Wrong(why="holds what no JSON holds; quote dates")
