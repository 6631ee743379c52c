"""What gatewayd may do in a cluster, made from the tables of kinds: a right for each request that is made, no other.

The whole cluster: kinds are listed and watched, Secrets and ConfigMaps by their metadata alone; of these those are read
that an object of ours refers to and may refer to; what carries a status of ours is read again after a conflict, and its
status patched; the objects that a Gateway needs are made by server-side apply in the Gateway's own namespace. That last
part includes Secrets, and Kubernetes cannot narrow `create` down to names: whoever may exec into the control plane may
read and make Secrets everywhere. Its own namespace: the lease, and the CA, which alone is replaced.

No right on roles, no `escalate`, `bind` or `impersonate`, no wildcard.
https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from gatewayd.api.core import ConfigMap, Secret
from gatewayd.api.kinds import KINDS, Kind
from gatewayd.api.refs import GATEWAY_GROUP
from gatewayd.infra.layout import AUTHORITY_SECRET, LEASE
from gatewayd.infra.made_kinds import MADE_KINDS

JSON = dict[str, Any]

GROUP: Final = "rbac.authorization.k8s.io"
API_VERSION: Final = f"{GROUP}/v1"
VERBS: Final = ("get", "list", "watch", "create", "update", "patch", "delete")
"""In the order in which they are written."""


READ_ONE_BY_ONE: Final = (Secret, ConfigMap)
"""What is read when somebody refers to it (gatewayd/kube/contents.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One verb on one resource ("gateways/status"); `name` "" is any object."""

    group: str
    resource: str
    name: str
    verb: str


def cluster_rules(kinds: Iterable[Kind] = KINDS) -> tuple[JSON, ...]:
    """Return the rules of the ClusterRole of a control plane that reads these kinds."""
    return _rules(_cluster_grants(kinds))


def bound(kind: str, role: str, account: str, namespace: str) -> JSON:
    """Return what binds a ServiceAccount of a namespace to a Role or a ClusterRole."""
    return {
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }


def own_rules() -> tuple[JSON, ...]:
    """Return the rules of the Role in the control plane's own namespace, beside those of the ClusterRole."""
    return _rules(_own_grants())


def node_rules() -> tuple[JSON, ...]:
    """Return the rules of the ClusterRole of nodes' agents: each asks for the pods of its own node.

    Kubernetes cannot narrow `list` down to a node.
    """
    return _rules(_grants("", "pods", "list", "watch"))


def _cluster_grants(kinds: Iterable[Kind]) -> Iterator[Grant]:
    for kind in kinds:
        yield from _grants(kind.group, kind.plural, "list", "watch")
        if kind.statused:
            yield from _grants(kind.group, kind.plural, "get")
            yield from _grants(kind.group, f"{kind.plural}/status", "patch")
        if kind.struct in READ_ONE_BY_ONE:
            yield from _grants(kind.group, kind.plural, "get")
    # The finalizer of classes in use.
    yield from _grants(GATEWAY_GROUP, "gatewayclasses", "patch")
    for made in MADE_KINDS:
        # Server-side apply is a patch, and a create where there is nothing yet.
        yield from _grants(made.group, made.plural, "get", "list", "watch", "create", "patch", "delete")
    yield from _grants("", "events", "create")


def _own_grants() -> Iterator[Grant]:
    leases, lease = ("coordination.k8s.io", "leases"), {"name": LEASE}
    yield from _grants(*leases, "create")
    yield from _grants(*leases, "get", "update", **lease)
    yield from _grants("", "secrets", "update", name=AUTHORITY_SECRET)


def _grants(group: str, resource: str, *verbs: str, name: str = "") -> Iterator[Grant]:
    for verb in verbs:
        yield Grant(group=group, resource=resource, name=name, verb=verb)


def _rules(grants: Iterable[Grant]) -> tuple[JSON, ...]:
    """Gather grants into rules: resources of one group that may be done the same to share one."""
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for grant in grants:
        verbs.setdefault((grant.group, grant.name, grant.resource), set()).add(grant.verb)
    rules: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (group, name, resource), found in verbs.items():
        ordered = tuple(verb for verb in VERBS if verb in found)
        rules.setdefault((group, name, ordered), []).append(resource)
    return tuple(
        {
            "apiGroups": [group],
            "resources": sorted(resources),
            **({"resourceNames": [name]} if name else {}),
            "verbs": list(ordered),
        }
        for (group, name, ordered), resources in sorted(rules.items())
    )
