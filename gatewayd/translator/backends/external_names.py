"""Services of type ExternalName in a cluster: those that stand for another Service of it, with its owner's leave.

Any other name would send a proxy wherever whoever may make Services says, past all grants (CVE-2021-25740). One that
names a Service leads to that Service's endpoints: nothing is asked of DNS, and a ReferenceGrant is, as of a reference.
https://kubernetes.io/docs/concepts/services-networking/service/#externalname
"""

import re
from typing import Final

from gatewayd.api.core import Service
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.view import View
from gatewayd.ir.backend import InvalidBackend
from gatewayd.translator import verdicts
from gatewayd.translator.policies.attach import SERVICE_KIND
from gatewayd.translator.reference_grants import Pointer, permitted

_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?P<name>{_LABEL})\.(?P<namespace>{_LABEL})\.svc(\.cluster\.local)?\.?")
"""https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/#services."""


def stands_for(view: View, row: Service) -> ObjectKey | InvalidBackend:
    """Return the Service that one of type ExternalName leads to, or why it leads nowhere."""
    found = _NAME.fullmatch(row.spec.external_name.lower())
    if found is None:
        return _not_found(
            row,
            "is of type ExternalName, which may only name a Service of this cluster; "
            "allowed: externalName: NAME.NAMESPACE.svc.cluster.local",
        )
    target = ObjectKey(found["namespace"], found["name"])
    namespace = row.metadata.namespace
    if not permitted(view, Pointer(SERVICE_KIND, namespace, SERVICE_KIND, target)):
        message = (
            f'Service "{row.metadata.key}" stands for Service "{target}", and no ReferenceGrant there allows it '
            f"for Service of namespace {namespace!r}"
        )
        return InvalidBackend(reason=verdicts.REF_NOT_PERMITTED, message=message)
    there = view.get(Service, target)
    if there is None:
        return _not_found(row, f'stands for Service "{target}", which does not exist')
    if there.spec.type == "ExternalName":
        return _not_found(row, f'stands for Service "{target}", which is of type ExternalName itself')
    return target


def _not_found(row: Service, message: str) -> InvalidBackend:
    return InvalidBackend(reason=verdicts.BACKEND_NOT_FOUND, message=f'Service "{row.metadata.key}" {message}')
