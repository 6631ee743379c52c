"""GatewayClass `spec.parametersRef`: what all Gateways of a class start from, and what their owners may choose.

A ConfigMap in gatewayd's own namespace. It has the keys that a Gateway's own has (`translator/parameters.py`), as
defaults, and networkPolicy, hostNetwork, tolerations, affinity and priorityClassName; and the bounds: maxReplicas, and
lists (YAML, or words) allowedImages, allowedWorkloads, allowedNodeLabels, allowedAnnotations,
allowedLoadBalancerClasses, allowedExtraArgs and allowedCode. What is wrong is said of the class, all at once.
https://gateway-api.sigs.k8s.io/reference/spec/#gatewayclassspec (parametersRef)
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gatewayd.api.core import ConfigMap
from gatewayd.api.gatewayclass import GatewayClass
from gatewayd.api.meta import GroupKind, ObjectKey
from gatewayd.api.refs import ObjectRef
from gatewayd.incremental.view import View, query
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Autoscaled, Fixed, Parameters, Scaling
from gatewayd.ir.limits import PROXY_REPLICAS
from gatewayd.ir.scripts import LUA
from gatewayd.translator.environment import environment
from gatewayd.translator.parameters.envoy_flags import FLAGS, flag_names, shown
from gatewayd.translator.parameters.exposure import outside
from gatewayd.translator.parameters.keys import (
    KEYS,
    LABEL_KEY,
    MOST_REPLICAS,
    QUOTA_FIELDS,
    WORKLOADS,
    Key,
    choice,
    contradictions,
    read_keys,
    truth,
    whole,
)
from gatewayd.translator.parameters.named_proxies import named_proxy
from gatewayd.translator.parameters.placement import read_affinity, read_priority_class, read_tolerations
from gatewayd.translator.parameters.privileges import matches
from gatewayd.translator.parameters.readers import Wrong, of_yaml, read_yaml

NETWORK_POLICIES: Final = ("Managed", "None")
CONFIGMAP_KIND = GroupKind("", "ConfigMap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a Gateway's owner may choose beside the defaults of the class.

    `images`, `node_labels` and `annotations` are patterns: a whole value, or one that ends in `*`. `annotations` are
    those, and those labels, that would otherwise reach no pod (`translator/privileges.py`). `code`: the languages in
    which policies may have code in the proxies.
    """

    max_replicas: int
    images: tuple[str, ...]
    workloads: tuple[str, ...]
    node_labels: tuple[str, ...]
    annotations: tuple[str, ...]
    flags: tuple[str, ...]
    load_balancer_classes: tuple[str, ...]
    code: tuple[str, ...]


DEFAULT_BOUNDS: Final = Bounds(
    max_replicas=PROXY_REPLICAS,
    images=(),
    workloads=WORKLOADS,
    node_labels=(),
    annotations=(),
    flags=(),
    load_balancer_classes=(),
    code=(),
)
"""Where the class has no parameters: our own image, no flags, no code, and nodes by labels that guard none."""

CLOSED: Final = replace(DEFAULT_BOUNDS, max_replicas=1, workloads=("Deployment",))
"""While the parameters of the class cannot be read: the defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassParameters:
    """Of a class: what its Gateways start from, and how far their owners may go."""

    defaults: Parameters
    bounds: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class BadClassParameters:
    """Why the parameters of a class cannot be had: its field, what is wrong and what is allowed."""

    why: str


@query
def class_parameters(view: View, name: str) -> ClassParameters | BadClassParameters:
    """Return the parameters of a class; those of a class that has none, or is not there, are the defaults."""
    row = view.get(GatewayClass, ObjectKey("", name))
    ref = row.spec.parameters_ref if row is not None else None
    if ref is None or named_proxy(view, ref, ref.namespace or "") is not None:
        return ClassParameters(defaults=DEFAULT_PARAMETERS, bounds=DEFAULT_BOUNDS)
    misplaced = _misplaced(ref, environment(view).namespace)
    if misplaced:
        return BadClassParameters(why=f"spec.parametersRef{misplaced}")
    configmap = view.get(ConfigMap, ObjectKey(ref.namespace or "", ref.name))
    where = f'spec.parametersRef: ConfigMap "{ref.namespace}/{ref.name}"'
    if configmap is None:
        return BadClassParameters(why=f"{where} does not exist")
    read = read_class_parameters(configmap.data)
    return read if isinstance(read, ClassParameters) else BadClassParameters(why=f"{where}: {'; '.join(read)}")


def _misplaced(ref: ObjectRef, own: str) -> str:
    """Return what is wrong with a reference itself. Who may write there is who may run gatewayd: no tenant."""
    if ref.group_kind != CONFIGMAP_KIND:
        return f": kind {ref.group_kind} is not supported; allowed: ConfigMap"
    if not ref.namespace:
        return f".namespace: missing; allowed: {own or 'the namespace of gatewayd'}"
    if own and ref.namespace != own:
        return f".namespace: {ref.namespace} is not where gatewayd runs; allowed: {own}"
    return ""


def read_class_parameters(data: Mapping[str, str]) -> ClassParameters | tuple[str, ...]:
    """Return what a ConfigMap says of a class, or everything that is wrong with it."""
    fields, problems = read_keys(data, {**_DEFAULTS, **_BOUNDS})
    chosen = {key.field: fields[key.field] for key in _DEFAULTS.values() if key.field in fields}
    limits = {key.field: fields[key.field] for key in _BOUNDS.values() if key.field in fields}
    problems = (*problems, *contradictions(data, chosen, DEFAULT_PARAMETERS))
    defaults, bounds = replace(DEFAULT_PARAMETERS, **chosen), replace(DEFAULT_BOUNDS, **limits)
    problems = (*problems, *_own_contradictions(defaults, bounds))
    return problems or ClassParameters(defaults=defaults, bounds=bounds)


def _own_contradictions(defaults: Parameters, bounds: Bounds) -> Iterator[str]:
    if defaults.workload not in bounds.workloads:
        yield f"data.allowedWorkloads: the default {defaults.workload} is missing; add it, or set workload"
    most = _most(defaults.scaling)
    if most > bounds.max_replicas:
        yield f"data.maxReplicas: {bounds.max_replicas} is less than the default of {most}; at least that is allowed"


def beyond(own: Parameters, of_class: ClassParameters) -> tuple[str, ...]:
    """Return where a Gateway's own parameters leave the bounds of its class; its defaults are always within."""
    return tuple(_beyond(own, of_class))


def _beyond(own: Parameters, of_class: ClassParameters) -> Iterator[str]:
    for check in _CHECKS:
        value, default = getattr(own, check.field), getattr(of_class.defaults, check.field)
        wrong = () if value == default else check.wrong(value, default, of_class.bounds)
        if wrong:
            key = "autoscaling" if isinstance(value, Autoscaled) else check.key
            allowed = check.allowed(of_class)
            yield f"data.{key}: {', '.join(wrong)} is beyond what the GatewayClass allows; allowed: {allowed}"


def within(own: Parameters, defaults: Parameters) -> Parameters:
    """Return a Gateway's parameters with what the class insists on: its pods stay on the nodes of the class."""
    return replace(
        own, node_selector=tuple(sorted({**dict(own.node_selector), **dict(defaults.node_selector)}.items()))
    )


def _most(scaling: Scaling) -> int:
    """Return the most pods that there may be by our own doing."""
    match scaling:
        case Fixed():
            return scaling.replicas
        case Autoscaled():
            return scaling.most
        case _:
            return 0


def _scaling(value: Scaling, _default: Scaling, bounds: Bounds) -> tuple[str, ...]:
    return (str(_most(value)),) if _most(value) > bounds.max_replicas else ()


def _image(value: str, _default: str, bounds: Bounds) -> tuple[str, ...]:
    return () if any(_is_image(value, pattern) for pattern in bounds.images) else (shown(value),)


def _is_image(image: str, pattern: str) -> bool:
    """Return whether an image is the one of a pattern; a star stands for a tag, or for what is below a repository."""
    if not pattern.endswith("*"):
        return image == pattern
    rest = image.removeprefix(pattern[:-1])
    if rest == image and pattern != "*":
        return False
    return bool(rest) and ".." not in rest and not (pattern.endswith(":*") and "/" in rest)


def _workload(value: str, _default: str, bounds: Bounds) -> tuple[str, ...]:
    return () if value in bounds.workloads else (value,)


def _node_selector(value: Any, default: Any, bounds: Bounds) -> tuple[str, ...]:
    """Return the labels that may not be named: what the class selects stays selected."""
    fixed = dict(default)
    return tuple(
        shown(key)
        for key, wanted in value
        if fixed.get(key, wanted) != wanted
        or (key not in fixed and _guards_nodes(key) and not matches(key, bounds.node_labels))
    )


def _guards_nodes(key: str) -> bool:
    """https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction."""
    return key.partition("/")[0] in {"node-role.kubernetes.io", "node-restriction.kubernetes.io"}


def _extra_args(value: tuple[str, ...], default: tuple[str, ...], bounds: Bounds) -> tuple[str, ...]:
    allowed = {*bounds.flags, *flag_names(default)}
    return () if "*" in allowed else tuple(each for each in flag_names(value) if each not in allowed)


def _load_balancer_class(value: str, _default: str, bounds: Bounds) -> tuple[str, ...]:
    return () if value in bounds.load_balancer_classes else (value,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Check:
    """A key that has bounds: what of a value (beside the default) is beyond them, and what is allowed in words."""

    key: str
    field: str
    wrong: Callable[[Any, Any, Bounds], tuple[str, ...]]
    allowed: Callable[[ClassParameters], str]


def _quota(key: str, field: str) -> _Check:
    """Return the check that a Gateway allows its routes no more than its class does."""
    return _Check(
        key=key,
        field=field,
        wrong=lambda value, default, _bounds: (str(value),) if value > default else (),
        allowed=lambda of_class: f"at most {getattr(of_class.defaults, field)}",
    )


def _node_words(of_class: ClassParameters) -> str:
    fixed = ", ".join(f"{key}={value}" for key, value in of_class.defaults.node_selector)
    others = ", ".join(("labels but those of node-role and node-restriction", *of_class.bounds.node_labels))
    return f"{fixed} and {others}" if fixed else others


_CHECKS: Final = (
    _Check(
        key="workload",
        field="workload",
        wrong=_workload,
        allowed=lambda of_class: ", ".join(of_class.bounds.workloads),
    ),
    _Check(
        key="replicas",
        field="scaling",
        wrong=_scaling,
        allowed=lambda of_class: f"at most {of_class.bounds.max_replicas}",
    ),
    _Check(
        key="image",
        field="image",
        wrong=_image,
        allowed=lambda of_class: ", ".join(dict.fromkeys((of_class.defaults.image, *of_class.bounds.images))),
    ),
    _Check(key="nodeSelector", field="node_selector", wrong=_node_selector, allowed=_node_words),
    _Check(
        key="extraArgs",
        field="extra_args",
        wrong=_extra_args,
        allowed=lambda of_class: ", ".join(of_class.bounds.flags) or "none",
    ),
    _Check(
        key="loadBalancerClass",
        field="load_balancer_class",
        wrong=_load_balancer_class,
        allowed=lambda of_class: (
            ", ".join(filter(None, (of_class.defaults.load_balancer_class, *of_class.bounds.load_balancer_classes)))
            or "none"
        ),
    ),
    _Check(
        key="loadBalancerSourceRanges",
        field="source_ranges",
        wrong=lambda value, default, _bounds: outside(value, default),
        allowed=lambda of_class: f"ranges within {', '.join(of_class.defaults.source_ranges)}",
    ),
    *(_quota(key, field) for key, field in QUOTA_FIELDS.items()),
)


def _listed(is_good: Callable[[str], bool], allowed: str) -> Callable[[str], tuple[str, ...] | Wrong]:
    def read(text: str) -> tuple[str, ...] | Wrong:
        stripped = text.strip()
        # A list in YAML; else words, since many a pattern is no YAML.
        listed = read_yaml(text) if stripped.startswith(("[", "- ")) else re.split(r"[\s,]+", stripped)
        if isinstance(listed, Wrong):
            return listed
        if not isinstance(listed, list):
            return Wrong(why="not understood; a list is allowed")
        for each in listed:
            if each != "" and not (isinstance(each, str) and is_good(each)):
                return Wrong(why=f"{shown(str(each)[:60])} is not known; allowed: {allowed}")
        return tuple(dict.fromkeys(each for each in listed if each))

    return read


_PATTERN = re.compile(r"\*|[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}(?<=[:/])\*|[A-Za-z0-9][A-Za-z0-9._:/@-]{0,511}")
_KEY_PATTERN = re.compile(r"\*|([a-z0-9][a-z0-9.-]{0,252}/)?(\*|[A-Za-z0-9][A-Za-z0-9_.-]{0,62})")

_DEFAULTS: Final[Mapping[str, Key]] = {
    **KEYS,
    "networkPolicy": Key(field="network_policy", read=choice(*NETWORK_POLICIES)),
    "hostNetwork": Key(field="host_network", read=truth),
    "tolerations": Key(field="tolerations", read=of_yaml(read_tolerations)),
    "affinity": Key(field="affinity", read=of_yaml(read_affinity)),
    "priorityClassName": Key(field="priority_class", read=read_priority_class),
}
_BOUNDS: Final[Mapping[str, Key]] = {
    "maxReplicas": Key(field="max_replicas", read=whole(0, MOST_REPLICAS)),
    "allowedImages": Key(
        field="images",
        read=_listed(lambda text: bool(_PATTERN.fullmatch(text)), "images, and such as registry/name:* or registry/*"),
    ),
    "allowedWorkloads": Key(field="workloads", read=_listed(lambda text: text in WORKLOADS, ", ".join(WORKLOADS))),
    "allowedNodeLabels": Key(
        field="node_labels",
        read=_listed(lambda text: bool(_KEY_PATTERN.fullmatch(text)), "keys of labels, and such as domain/*"),
    ),
    "allowedAnnotations": Key(
        field="annotations",
        read=_listed(lambda text: bool(_KEY_PATTERN.fullmatch(text)), "keys of annotations, and such as domain/*"),
    ),
    "allowedLoadBalancerClasses": Key(
        field="load_balancer_classes",
        read=_listed(lambda text: bool(LABEL_KEY.fullmatch(text)), "classes such as example.com/internal"),
    ),
    "allowedExtraArgs": Key(
        field="flags",
        read=_listed(lambda text: text in {"*", *FLAGS}, ", ".join(("*", *FLAGS))),
    ),
    "allowedCode": Key(field="code", read=_listed(lambda text: text == LUA, LUA)),
}
