"""A Gateway's Infrastructure -> the Kubernetes objects that run its Envoys, in the Gateway's own namespace.

Invariants: equal input gives equal output; whatever a user sets, our own labels and annotations win, so that selectors
hold; a port of the Gateway is nowhere in the pod template, so that a new listener restarts no proxy.

https://gateway-api.sigs.k8s.io/reference/spec/#gatewayinfrastructure
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from gatewayd.api.gateway import GATEWAY_NAME_LABEL, MANAGED_BY
from gatewayd.infra import network
from gatewayd.infra.layout import PROBES_PORT, certificate_secret
from gatewayd.infra.made_kinds import (
    AUTOSCALER,
    BY_NAME,
    CONFIG_MAP,
    DEPLOYMENT,
    DISRUPTION_BUDGET,
    NETWORK_POLICY,
    SERVICE,
    SERVICE_ACCOUNT,
)
from gatewayd.infra.pod import pod_spec
from gatewayd.ir.infrastructure import Autoscaled, Fixed, Infrastructure, Owner, Pairs, Parameters, label_value
from gatewayd.ir.per_host_record import PER_HOST_ANNOTATION
from gatewayd.own_group import own

JSON = dict[str, Any]

CONFIG_HASH_ANNOTATION: Final = own("config-hash")
PROMETHEUS: Final = {
    "prometheus.io/scrape": "true",
    "prometheus.io/port": str(PROBES_PORT),
    "prometheus.io/path": "/stats/prometheus",
}
"""What many a Prometheus finds pods by; a user may say otherwise."""


def objects(infrastructure: Infrastructure, files: Mapping[str, str]) -> tuple[JSON, ...]:
    """Return everything that a Gateway needs but the Secret of its certificate; `files`: its ConfigMap, by file name.

    The order is one in which they can be made. Each is named `infrastructure.object_name` and belongs to the Gateway,
    so that the cluster removes it after the Gateway.
    """
    return (
        {
            **SERVICE_ACCOUNT.head,
            **_guarded_head(infrastructure),
            "automountServiceAccountToken": False,
        },
        *_network_policy(infrastructure),
        {**CONFIG_MAP.head, **_head(infrastructure), "data": dict(sorted(files.items()))},
        _workload(infrastructure, files),
        *_service(infrastructure),
        *_disruption_budget(infrastructure),
        *_autoscaler(infrastructure),
    )


def owner_reference(owner: Owner) -> JSON:
    """Return the reference that makes an object belong to the Gateway.

    It does not block the Gateway's deletion: that would take a right on the Gateway's finalizers, for nothing.
    https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
    """
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }


def labels(owner: Owner) -> dict[str, str]:
    """Return the labels of all objects and of the pods: the user's, then ours."""
    return {**dict(owner.labels), **selector(owner), "app.kubernetes.io/name": "envoy"}


def selector(owner: Owner) -> dict[str, str]:
    """Return the labels that tell a Gateway's pods from all others in its namespace; they never change."""
    return {MANAGED_BY: owner.manager, GATEWAY_NAME_LABEL: label_value(owner.name)}


def _head(infrastructure: Infrastructure) -> JSON:
    """Return the beginning of an object that no pod gets anything by."""
    return _metadata(infrastructure, labels(infrastructure), infrastructure.annotations)


def _guarded_head(infrastructure: Infrastructure) -> JSON:
    """Return the beginning of an object that pods take after."""
    return _metadata(infrastructure, _pod_labels(infrastructure), _pod_annotations(infrastructure))


def _metadata(infrastructure: Infrastructure, shown: Mapping[str, str], annotations: Pairs) -> JSON:
    return {
        "metadata": {
            "name": infrastructure.object_name,
            "namespace": infrastructure.namespace,
            "labels": dict(shown),
            **({"annotations": dict(annotations)} if annotations else {}),
            "ownerReferences": [owner_reference(infrastructure)],
        }
    }


def _pod_labels(infrastructure: Infrastructure) -> dict[str, str]:
    return {key: value for key, value in labels(infrastructure).items() if key not in infrastructure.withheld}


def _pod_annotations(infrastructure: Infrastructure) -> Pairs:
    return tuple(pair for pair in infrastructure.annotations if pair[0] not in infrastructure.withheld)


def _network_policy(infrastructure: Infrastructure) -> tuple[JSON, ...]:
    """Return what holds the pods of a Gateway, before there are any; none where the class wants none.

    None for pods in the network of nodes, which policies do not hold: it would only look as if.
    https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-and-hostnetwork-pods
    """
    if infrastructure.parameters.network_policy == "None" or infrastructure.parameters.host_network:
        return ()
    spec = network.proxy_policy(infrastructure, selector(infrastructure))
    return ({**NETWORK_POLICY.head, **_head(infrastructure), "spec": spec},)


def _workload(infrastructure: Infrastructure, files: Mapping[str, str]) -> JSON:
    parameters = infrastructure.parameters
    scaled = parameters.workload == "Deployment"
    # Never fewer proxies than asked for: a new one is ready before an old one goes; unless the ports are the node's.
    surge, missing = (0, 1) if parameters.host_network else (1, 0)
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": missing}}
    return {
        **BY_NAME[parameters.workload].head,
        **_guarded_head(infrastructure),
        "spec": {
            # A field that is not applied is somebody else's.
            **({"replicas": parameters.scaling.replicas} if scaled and isinstance(parameters.scaling, Fixed) else {}),
            "selector": {"matchLabels": selector(infrastructure)},
            "revisionHistoryLimit": 2,
            "strategy" if scaled else "updateStrategy": rolling,
            "template": {
                "metadata": {
                    "labels": _pod_labels(infrastructure),
                    "annotations": {
                        **PROMETHEUS,
                        **dict(_pod_annotations(infrastructure)),
                        CONFIG_HASH_ANNOTATION: _hash(files),
                    },
                },
                "spec": pod_spec(
                    parameters,
                    object_name=infrastructure.object_name,
                    secret=certificate_secret(infrastructure.object_name),
                    selector=selector(infrastructure),
                ),
            },
        },
    }


def _hash(files: Mapping[str, str]) -> str:
    """Return a hash of the ConfigMap: Envoy reads its bootstrap only once, so a changed one must roll the pods."""
    digest = blake2b(digest_size=8)
    for name, text in sorted(files.items()):
        digest.update(f"{len(name)} {len(text)} {name}{text}".encode())
    return digest.hexdigest()


def _service(infrastructure: Infrastructure) -> tuple[JSON, ...]:
    """Return the Service; none without ports, which the API server would refuse."""
    if not infrastructure.ports:
        return ()
    parameters = infrastructure.parameters
    ports = [
        {"name": each.name, "port": each.port, "targetPort": each.target, "protocol": each.transport}
        for each in infrastructure.ports
    ]
    spec = {
        "type": parameters.service_type,
        "selector": selector(infrastructure),
        "ports": ports,
        **_addresses(infrastructure),
        **_exposure(parameters),
        # A ClusterIP Service has no traffic from outside.
        **(
            {}
            if parameters.service_type == "ClusterIP"
            else {"externalTrafficPolicy": parameters.external_traffic_policy}
        ),
    }
    own = ((PER_HOST_ANNOTATION, infrastructure.per_host),) if infrastructure.per_host else ()
    head = _metadata(infrastructure, labels(infrastructure), (*infrastructure.annotations, *own))
    return ({**SERVICE.head, **head, "spec": spec},)


def _exposure(parameters: Parameters) -> JSON:
    """Return what the parameters say of the Service; what they leave open is the API server's to fill in."""
    node_ports = parameters.node_ports
    written = {
        "internalTrafficPolicy": parameters.internal_traffic_policy,
        "ipFamilyPolicy": parameters.ip_family_policy,
        **(
            {
                "loadBalancerClass": parameters.load_balancer_class,
                "loadBalancerSourceRanges": list(parameters.source_ranges),
                **({} if node_ports is None else {"allocateLoadBalancerNodePorts": node_ports}),
            }
            if parameters.service_type == "LoadBalancer"
            else {}
        ),
    }
    return {name: value for name, value in written.items() if value not in ("", [])}


def _addresses(infrastructure: Infrastructure) -> JSON:
    """Return how the Service asks for the Gateway's addresses: a load balancer for the first one, and it may refuse.

    Without a load balancer nobody is asked. `externalIPs` would make every node take an address that nobody gave it,
    so that whoever makes Gateways takes other people's traffic (CVE-2020-8554); Kubernetes 1.36 deprecates it.
    https://kubernetes.io/docs/reference/kubernetes-api/service-resources/service-v1/#ServiceSpec
    """
    if not infrastructure.addresses or infrastructure.parameters.service_type != "LoadBalancer":
        return {}
    return {"loadBalancerIP": infrastructure.addresses[0]}


def _disruption_budget(infrastructure: Infrastructure) -> tuple[JSON, ...]:
    """Return the budget of a Deployment: one pod at a time.

    For one replica as well: `maxUnavailable` never blocks a drain, and it holds when somebody scales up. None for a
    DaemonSet, whose pods no drain evicts.
    https://kubernetes.io/docs/tasks/run-application/configure-pdb/
    """
    if infrastructure.parameters.workload != "Deployment":
        return ()
    spec = {
        "maxUnavailable": 1,
        "selector": {"matchLabels": selector(infrastructure)},
        # A proxy that is broken anyway does not keep a node from being drained.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    return ({**DISRUPTION_BUDGET.head, **_head(infrastructure), "spec": spec},)


def _autoscaler(infrastructure: Infrastructure) -> tuple[JSON, ...]:
    """Return what sets the number of pods, where that is asked for.

    https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
    """
    scaling = infrastructure.parameters.scaling
    if not isinstance(scaling, Autoscaled) or infrastructure.parameters.workload != "Deployment":
        return ()
    target = {"type": "Utilization", "averageUtilization": scaling.cpu}
    spec = {
        "scaleTargetRef": {**DEPLOYMENT.head, "name": infrastructure.object_name},
        "minReplicas": scaling.least,
        "maxReplicas": scaling.most,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }
    return ({**AUTOSCALER.head, **_head(infrastructure), "spec": spec},)
