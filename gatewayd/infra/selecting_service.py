"""A SelectingService -> the Kubernetes object: a headless Service beside its XBackend, which it goes with.

https://kubernetes.io/docs/concepts/services-networking/service/#headless-services
"""

from typing import Any

from gatewayd.api.gateway import MANAGED_BY
from gatewayd.infra.made_kinds import SERVICE
from gatewayd.ir.selected_pods import SelectingService

JSON = dict[str, Any]

XBACKEND_VERSION = "gateway.networking.x-k8s.io/v1alpha1"


def selecting_document(wanted: SelectingService) -> JSON:
    """Return the Service. It has no address: proxies go to the pods themselves."""
    return {
        **SERVICE.head,
        "metadata": {
            "name": wanted.name,
            "namespace": wanted.namespace,
            "labels": {MANAGED_BY: wanted.manager},
            "ownerReferences": [
                {
                    "apiVersion": XBACKEND_VERSION,
                    "kind": "XBackend",
                    "name": wanted.backend,
                    "uid": wanted.uid,
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": {
            "clusterIP": "None",
            "selector": dict(wanted.selector),
            "ports": [{"port": wanted.port, "targetPort": wanted.port, "protocol": "TCP"}],
        },
    }
