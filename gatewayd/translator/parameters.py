"""A ConfigMap's data -> Parameters: what a user may set of the proxies that run for a Gateway.

`nodeSelector`, `resources` and `extraArgs` hold YAML; the rest is plain text. Whatever is wrong is said, all at once,
as `data.<key>: <what is wrong>; <what is allowed>`. Nothing is taken that the API server would refuse later.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import yaml

from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Pairs, Parameters, Resources
from gatewayd.translator.envoy_flags import WrongFlag, read_flags, shown

WORKLOADS: Final = ("Deployment", "DaemonSet")
SERVICE_TYPES: Final = ("LoadBalancer", "NodePort", "ClusterIP")
TRAFFIC_POLICIES: Final = ("Cluster", "Local")
RESOURCE_NAMES: Final = ("cpu", "memory", "ephemeral-storage")
MOST_REPLICAS: Final = 1000
MOST_WORKERS: Final = 1024
LONGEST: Final = 4096
"""Characters of one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrong:
    """Why a value cannot be taken: what is wrong; what is allowed."""

    why: str


def read_parameters(data: Mapping[str, str]) -> Parameters | tuple[str, ...]:
    """Return the parameters, or everything that is wrong with them; what is left out has its default.

    The keys: workload, replicas, image, serviceType, externalTrafficPolicy, nodeSelector, resources, concurrency,
    extraArgs.
    """
    found: dict[str, Any] = {}
    problems: list[str] = []
    for key, text in sorted(data.items()):
        row = _KEYS.get(key)
        value = row.read(text) if row is not None else _Wrong(why=f"not known; allowed: {', '.join(_KEYS)}")
        if isinstance(value, _Wrong):
            problems.append(f"data.{key}: {value.why}")
        elif row is not None:
            found[row.field] = value
    problems += _contradictions(found)
    return tuple(problems) if problems else replace(DEFAULT_PARAMETERS, **found)


def _contradictions(found: Mapping[str, Any]) -> Iterator[str]:
    if found.get("workload") == "DaemonSet" and "replicas" in found:
        yield "data.replicas: a DaemonSet has one pod on each node; leave it out, or take a Deployment"
    if found.get("service_type") == "ClusterIP" and "external_traffic_policy" in found:
        yield "data.externalTrafficPolicy: a ClusterIP Service has no external traffic; leave it out"


def _choice(*allowed: str) -> Callable[[str], str | _Wrong]:
    def read(text: str) -> str | _Wrong:
        return text if text in allowed else _Wrong(why=f"{_shown(text)} is not known; allowed: {', '.join(allowed)}")

    return read


def _whole(least: int, most: int) -> Callable[[str], int | _Wrong]:
    def read(text: str) -> int | _Wrong:
        number = int(text) if re.fullmatch(r"[0-9]{1,6}", text) else -1
        if least <= number <= most:
            return number
        return _Wrong(why=f"{_shown(text)} is not a whole number from {least} to {most}")

    return read


def _image(text: str) -> str | _Wrong:
    """https://pkg.go.dev/github.com/distribution/reference (grammar, loosely)."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}", text):
        return text
    return _Wrong(why=f"{_shown(text)} is no image reference; allowed: registry/name:tag or registry/name@digest")


def _node_selector(text: str) -> Pairs | _Wrong:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set."""
    read = _yaml(text)
    if isinstance(read, _Wrong):
        return read
    if not isinstance(read, dict):
        return _Wrong(why=f"{_kind(read)} is not allowed; a map of label keys to values is")
    for key, value in read.items():
        if not isinstance(key, str) or not _LABEL_KEY.fullmatch(key):
            return _Wrong(why=f"{_shown(key)} is no label key; allowed: [prefix/]name of at most 63 characters")
        if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
            return _Wrong(why=f"{key}: {_shown(value)} is no label value; a string of at most 63 characters is allowed")
    return tuple(sorted(read.items()))


def _resources(text: str) -> Resources | _Wrong:
    """https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/."""
    read = _yaml(text)
    if isinstance(read, _Wrong):
        return read
    if not isinstance(read, dict) or not read.keys() <= {"requests", "limits"}:
        return _Wrong(why="not understood; a map with requests and limits is allowed")
    parts: dict[str, Pairs] = {}
    for part, listed in read.items():
        quantities = _quantities(part, listed)
        if isinstance(quantities, _Wrong):
            return quantities
        parts[part] = quantities
    requests, limits = parts.get("requests", ()), parts.get("limits", ())
    most = dict(limits)
    for name, value in requests:
        if name in most and _amount(value) > _amount(most[name]):
            return _Wrong(why=f"requests.{name}: {value} is more than the limit; at most {most[name]} is allowed")
    return Resources(requests=requests, limits=limits)


def _quantities(part: str, listed: object) -> Pairs | _Wrong:
    if not isinstance(listed, dict):
        return _Wrong(why=f"{part}: {_kind(listed)} is not allowed; a map of {', '.join(RESOURCE_NAMES)} is")
    found: dict[str, str] = {}
    for name, value in listed.items():
        if name not in RESOURCE_NAMES:
            return _Wrong(why=f"{part}: {_shown(name)} is not known; allowed: {', '.join(RESOURCE_NAMES)}")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        quantity = str(value) if number or isinstance(value, str) else ""
        if not _QUANTITY.fullmatch(quantity):
            return _Wrong(why=f"{part}.{name}: {_shown(value)} is no quantity; allowed are such as 100m, 0.5, 128Mi")
        found[name] = quantity
    return tuple(sorted(found.items()))


def _arguments(text: str) -> tuple[str, ...] | _Wrong:
    read = _yaml(text)
    if isinstance(read, _Wrong):
        return read
    if not isinstance(read, list):
        return _Wrong(why=f"{_kind(read)} is not allowed; a list of arguments is")
    flags = read_flags(read)
    return _Wrong(why=flags.why) if isinstance(flags, WrongFlag) else flags


def _yaml(text: str) -> Any:
    """Return what YAML says. Nested expansions stay small: nothing here copies or prints a collection.

    The loader in C, because the other takes seconds for some texts of this length.
    """
    if len(text) > LONGEST:
        return _Wrong(why=f"{len(text)} characters; at most {LONGEST} are allowed")
    try:
        return yaml.load(text, Loader=yaml.CSafeLoader)
    except Exception:  # noqa: BLE001 - its constructors raise whatever a tag and its value make them
        return _Wrong(why="not YAML; see https://yaml.org/spec/")


def _amount(quantity: str) -> Decimal:
    """https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/."""
    number, suffix = re.fullmatch(r"([0-9.]+)(.*)", quantity, re.DOTALL).groups()  # type: ignore[union-attr]
    exponent = re.fullmatch(r"[eE](-?[0-9]+)", suffix)
    scale = Decimal(10) ** int(exponent[1]) if exponent else _SUFFIXES[suffix]
    return Decimal(number) * scale


def _shown(value: object) -> str:
    """Return a value for a message: short, on one line, and never the inside of a collection."""
    if not isinstance(value, str):
        return str(value) if isinstance(value, int | float) else _kind(value)
    return shown(value)


def _kind(value: object) -> str:
    names = {dict: "a map", list: "a list", str: "a string", type(None): "nothing", bool: "a truth value"}
    return names.get(type(value), "a number")


_LABEL_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_LABEL_KEY = re.compile(rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_LABEL_NAME}")
_LABEL_VALUE = re.compile(rf"({_LABEL_NAME})?")
_SUFFIXES: Final = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{letter: Decimal(1000) ** power for power, letter in enumerate("kMGTPE", start=1)},
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
}
_QUANTITY = re.compile(rf"[0-9]{{1,15}}(\.[0-9]{{1,9}})?({'|'.join(_SUFFIXES)}|[eE]-?[0-9]{{1,2}})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    field: str
    read: Callable[[str], object]


_KEYS: Final[Mapping[str, _Key]] = {
    "workload": _Key(field="workload", read=_choice(*WORKLOADS)),
    "replicas": _Key(field="replicas", read=_whole(0, MOST_REPLICAS)),
    "image": _Key(field="image", read=_image),
    "serviceType": _Key(field="service_type", read=_choice(*SERVICE_TYPES)),
    "externalTrafficPolicy": _Key(field="external_traffic_policy", read=_choice(*TRAFFIC_POLICIES)),
    "nodeSelector": _Key(field="node_selector", read=_node_selector),
    "resources": _Key(field="resources", read=_resources),
    "concurrency": _Key(field="concurrency", read=_whole(0, MOST_WORKERS)),
    "extraArgs": _Key(field="extra_args", read=_arguments),
}
