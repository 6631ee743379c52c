"""What a member cluster holds for gatewayd: an account that may read what some namespaces export.

No right on Secrets, none to write, and none beyond the namespaces that are named: whoever steals the token learns where
the pods of some Services are. https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from collections.abc import Iterator
from typing import Any, Final

from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import KubernetesObject
from gatewayd.infra import rbac

JSON = dict[str, Any]

ACCOUNT: Final = "gatewayd-member"
"""The ServiceAccount, the Roles and their bindings, and the Secret of the token."""
_LABELS: Final = {"app.kubernetes.io/name": ACCOUNT, "app.kubernetes.io/part-of": "gatewayd"}


def member_account(
    home: str, namespaces: tuple[str, ...], kinds: tuple[type[KubernetesObject], ...]
) -> tuple[JSON, ...]:
    """Return the objects, in an order in which they can be made; the account is in the namespace `home`.

    `kinds` are those that are read of a member.
    """
    return (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home, "labels": dict(_LABELS)}},
        {**_object("v1", "ServiceAccount", home), "automountServiceAccountToken": False},
        {
            **_object("v1", "Secret", home, {"kubernetes.io/service-account.name": ACCOUNT}),
            "type": "kubernetes.io/service-account-token",
        },
        *(each for namespace in namespaces for each in _rights(home, namespace, kinds)),
    )


def _rights(home: str, namespace: str, kinds: tuple[type[KubernetesObject], ...]) -> Iterator[JSON]:
    read = (BY_STRUCT[kind] for kind in kinds)
    rules = [{"apiGroups": [kind.group], "resources": [kind.plural], "verbs": ["list", "watch"]} for kind in read]
    yield {**_object(rbac.API_VERSION, "Role", namespace), "rules": rules}
    yield {**_object(rbac.API_VERSION, "RoleBinding", namespace), **rbac.bound("Role", ACCOUNT, ACCOUNT, home)}


def _object(api_version: str, kind: str, namespace: str, annotations: JSON | None = None) -> JSON:
    more = {"annotations": annotations} if annotations else {}
    metadata = {"name": ACCOUNT, "namespace": namespace, "labels": dict(_LABELS), **more}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}
