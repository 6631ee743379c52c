"""A ConfigMap's data -> Parameters: what may be set of the proxies that run for a Gateway.

`nodeSelector`, `resources`, `autoscaling`, `extraArgs`, `accessLog` and `rateLimitService` hold YAML; the rest is plain
text. Whatever is wrong is said, all at once, as `data.<key>: <what is wrong>; <what is allowed>`. Nothing is taken that
the API server would refuse.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gatewayd.ir.infrastructure import Autoscaled, External, Fixed, Pairs, Parameters, Resources, Scaling
from gatewayd.ir.quantity import QUANTITY, amount
from gatewayd.translator.parameters.access_log import read_access_log
from gatewayd.translator.parameters.envoy_flags import read_flags, shown
from gatewayd.translator.parameters.exposure import read_ranges
from gatewayd.translator.parameters.rate_limit_service import read_rate_limit_service
from gatewayd.translator.parameters.readers import Reader, Wrong, of_yaml

WORKLOADS: Final = ("Deployment", "DaemonSet")
SERVICE_TYPES: Final = ("LoadBalancer", "NodePort", "ClusterIP")
TRAFFIC_POLICIES: Final = ("Cluster", "Local")
IP_FAMILY_POLICIES: Final = ("SingleStack", "PreferDualStack", "RequireDualStack")
OF_LOAD_BALANCERS: Final = ("loadBalancerClass", "loadBalancerSourceRanges", "allocateLoadBalancerNodePorts")
"""Keys that say something of a load balancer, which other Services do not have."""
RESOURCE_NAMES: Final = ("cpu", "memory", "ephemeral-storage")
MOST_REPLICAS: Final = 1000
MOST_WORKERS: Final = 1024
QUOTA_FIELDS: Final = {
    "maxRouteMatches": "route_matches",
    "maxRouteExpressions": "route_expressions",
    "maxRouteBytes": "route_bytes",
    "maxNamespaceMatches": "namespace_matches",
    "maxNamespaceExpressions": "namespace_expressions",
    "maxNamespaceBytes": "namespace_bytes",
}
"""What routes may take up, by the key that sets it."""
MOST_COUNTED: Final = 999_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of the ConfigMap: the field of what is made of it, and how its text is read."""

    field: str
    read: Reader


def read_parameters(data: Mapping[str, str], defaults: Parameters) -> Parameters | tuple[str, ...]:
    """Return the parameters, or everything that is wrong with them; what is left out has its default.

    The keys are those of KEYS, and what routes may take up (QUOTA_FIELDS).
    """
    fields, problems = read_keys(data, KEYS)
    problems = (*problems, *contradictions(data, fields, defaults))
    return problems or replace(defaults, **fields)


def read_keys(data: Mapping[str, str], keys: Mapping[str, Key]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the values by field, and what is wrong with the others, in the order of the keys."""
    fields: dict[str, Any] = {}
    problems: list[str] = []
    for name, text in sorted(data.items()):
        key = keys.get(name)
        value = key.read(text) if key is not None else Wrong(why=f"not known; allowed: {', '.join(_told(keys))}")
        if isinstance(value, Wrong):
            problems.append(f"data.{shown(name)[1:-1]}: {value.why}")
        elif key is not None:
            fields[key.field] = value
    return fields, tuple(problems)


def _told(keys: Mapping[str, Key]) -> Iterator[str]:
    """Yield the names of keys for a message, those of quotas in short."""
    yield from (key for key in keys if key not in QUOTA_FIELDS)
    yield "max{Route,Namespace}{Matches,Expressions,Bytes}"


def contradictions(data: Mapping[str, str], fields: Mapping[str, Any], defaults: Parameters) -> Iterator[str]:
    """Yield what does not go together, among the values or with the defaults that they stand on."""
    workload, scaling = fields.get("workload", defaults.workload), fields.get("scaling")
    for key in ("replicas", "autoscaling"):
        if workload == "DaemonSet" and key in data:
            yield f"data.{key}: a DaemonSet has one pod on each node; leave it out, or take a Deployment"
    if "replicas" in data and "autoscaling" in data:
        yield "data.autoscaling: replicas says how many pods there are; one of the two is allowed"
    resources = fields.get("resources", defaults.resources)
    if isinstance(scaling, Autoscaled) and not _requests_cpu(resources):
        yield "data.autoscaling: counts in percent of resources.requests.cpu, which is not set; set both"
    if fields.get("service_type") == "ClusterIP" and "external_traffic_policy" in fields:
        yield "data.externalTrafficPolicy: a ClusterIP Service has no external traffic; leave it out"
    if fields.get("service_type") == "NodePort" and defaults.source_ranges:
        yield "data.serviceType: nodes let everybody in, and loadBalancerSourceRanges of the class do not; leave it out"
    if fields.get("service_type", defaults.service_type) != "LoadBalancer":
        for key in OF_LOAD_BALANCERS:
            if key in data:
                yield f"data.{key}: the Service asks for no load balancer; leave it out, or take LoadBalancer"


def _requests_cpu(resources: Resources) -> bool:
    """Return whether the container requests CPU: a limit alone is a request as well."""
    return any(name == "cpu" for name, _ in (*resources.requests, *resources.limits))


def choice(*allowed: str) -> Callable[[str], str | Wrong]:
    """Return a reader of one of some words."""

    def read(text: str) -> str | Wrong:
        return text if text in allowed else Wrong(why=f"{_shown(text)} is not known; allowed: {', '.join(allowed)}")

    return read


def whole(least: int, most: int) -> Callable[[str], int | Wrong]:
    """Return a reader of whole numbers."""

    def read(text: str) -> int | Wrong:
        number = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1
        if least <= number <= most:
            return number
        return Wrong(why=f"{_shown(text)} is not a whole number from {least} to {most}")

    return read


def _replicas(text: str) -> Scaling | Wrong:
    if text == "external":
        return External()
    read = whole(0, MOST_REPLICAS)(text)
    if isinstance(read, Wrong):
        return Wrong(why=f"{read.why}, and not external")
    return Fixed(replicas=read)


def _autoscaling(read: object) -> Scaling | Wrong:
    """https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/."""
    if not isinstance(read, dict) or read.keys() != _AUTOSCALING.keys():
        return Wrong(why="not understood; a map with min, max and cpu is allowed")
    for name, most in _AUTOSCALING.items():
        if type(read[name]) is not int or not 1 <= read[name] <= most:
            return Wrong(why=f"{name}: {_shown(read[name])} is not a whole number from 1 to {most}")
    if read["min"] > read["max"]:
        return Wrong(why=f"min: {read['min']} is more than max; at most {read['max']} is allowed")
    return Autoscaled(least=read["min"], most=read["max"], cpu=read["cpu"])


def _image(text: str) -> str | Wrong:
    """https://pkg.go.dev/github.com/distribution/reference (grammar, loosely)."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}", text):
        return text
    return Wrong(why=f"{_shown(text)} is no image reference; allowed: registry/name:tag or registry/name@digest")


def _node_selector(read: object) -> Pairs | Wrong:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set."""
    if not isinstance(read, dict):
        return Wrong(why=f"{_kind(read)} is not allowed; a map of label keys to values is")
    for key, value in read.items():
        if not isinstance(key, str) or not LABEL_KEY.fullmatch(key):
            return Wrong(why=f"{_shown(key)} is no label key; allowed: [prefix/]name of at most 63 characters")
        if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
            return Wrong(why=f"{key}: {_shown(value)} is no label value; a string of at most 63 characters is allowed")
    return tuple(sorted(read.items()))


def _resources(read: object) -> Resources | Wrong:
    """https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/."""
    if not isinstance(read, dict) or not read.keys() <= {"requests", "limits"}:
        return Wrong(why="not understood; a map with requests and limits is allowed")
    parts: dict[str, Pairs] = {}
    for part, listed in read.items():
        quantities = _quantities(part, listed)
        if isinstance(quantities, Wrong):
            return quantities
        parts[part] = quantities
    requests, limits = parts.get("requests", ()), parts.get("limits", ())
    most = dict(limits)
    for name, value in requests:
        if name in most and amount(value) > amount(most[name]):
            return Wrong(why=f"requests.{name}: {value} is more than the limit; at most {most[name]} is allowed")
    return Resources(requests=requests, limits=limits)


def _quantities(part: str, listed: object) -> Pairs | Wrong:
    if not isinstance(listed, dict):
        return Wrong(why=f"{part}: {_kind(listed)} is not allowed; a map of {', '.join(RESOURCE_NAMES)} is")
    by_resource: dict[str, str] = {}
    for name, value in listed.items():
        if name not in RESOURCE_NAMES:
            return Wrong(why=f"{part}: {_shown(name)} is not known; allowed: {', '.join(RESOURCE_NAMES)}")
        quantity = "" if isinstance(value, bool) else value
        quantity = _number(quantity) if isinstance(quantity, int | float) else quantity
        if not isinstance(quantity, str) or not QUANTITY.fullmatch(quantity):
            return Wrong(why=f"{part}.{name}: {_shown(value)} is no quantity; allowed are such as 100m, 0.5, 128Mi")
        by_resource[name] = quantity
    return tuple(sorted(by_resource.items()))


def _arguments(read: object) -> tuple[str, ...] | Wrong:
    if not isinstance(read, list):
        return Wrong(why=f"{_kind(read)} is not allowed; a list of arguments is")
    return read_flags(read)


def _shown(value: object) -> str:
    """Return a value for a message: short, on one line, and never the inside of a collection."""
    if not isinstance(value, str):
        return _number(value) if isinstance(value, int | float) else _kind(value)
    return shown(value)


def _number(value: float) -> str:
    """Return a number as text; of many digits it is none (an int of thousands of them has no text at all)."""
    return str(value) if not isinstance(value, int) or abs(value) < _LARGE else "a number of many digits"


def _kind(value: object) -> str:
    names = {dict: "a map", list: "a list", str: "a string", type(None): "nothing", bool: "a truth value"}
    return names.get(type(value), "a number")


def _load_balancer_class(text: str) -> str | Wrong:
    """https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-class."""
    if LABEL_KEY.fullmatch(text):
        return text
    return Wrong(why=f"{_shown(text)} is no class of load balancers; such as example.com/internal is allowed")


def truth(text: str) -> bool | Wrong:
    """Return a truth value."""
    word = choice("true", "false")(text)
    return word if isinstance(word, Wrong) else word == "true"


_LARGE: Final = 10**40
_LABEL_NAME = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
LABEL_KEY = re.compile(rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_LABEL_NAME}")
_LABEL_VALUE = re.compile(rf"({_LABEL_NAME})?")
_AUTOSCALING: Final = {"min": MOST_REPLICAS, "max": MOST_REPLICAS, "cpu": 1000}
"""The parts of `autoscaling`, and the most that each may be."""

KEYS: Final[Mapping[str, Key]] = {
    "workload": Key(field="workload", read=choice(*WORKLOADS)),
    "replicas": Key(field="scaling", read=_replicas),
    "autoscaling": Key(field="scaling", read=of_yaml(_autoscaling)),
    "image": Key(field="image", read=_image),
    "serviceType": Key(field="service_type", read=choice(*SERVICE_TYPES)),
    "externalTrafficPolicy": Key(field="external_traffic_policy", read=choice(*TRAFFIC_POLICIES)),
    "internalTrafficPolicy": Key(field="internal_traffic_policy", read=choice(*TRAFFIC_POLICIES)),
    "ipFamilyPolicy": Key(field="ip_family_policy", read=choice(*IP_FAMILY_POLICIES)),
    "loadBalancerClass": Key(field="load_balancer_class", read=_load_balancer_class),
    "loadBalancerSourceRanges": Key(field="source_ranges", read=of_yaml(read_ranges)),
    "allocateLoadBalancerNodePorts": Key(field="node_ports", read=truth),
    "nodeSelector": Key(field="node_selector", read=of_yaml(_node_selector)),
    "resources": Key(field="resources", read=of_yaml(_resources)),
    "concurrency": Key(field="concurrency", read=whole(0, MOST_WORKERS)),
    "extraArgs": Key(field="extra_args", read=of_yaml(_arguments)),
    "accessLog": Key(field="logged", read=of_yaml(read_access_log)),
    "rateLimitService": Key(field="rate_limit_service", read=of_yaml(read_rate_limit_service)),
    **{key: Key(field=field, read=whole(1, MOST_COUNTED)) for key, field in QUOTA_FIELDS.items()},
}
