"""The kinds of object that gatewayd makes for Gateways: one row each, from which everything else about a kind follows.

Rights (`rbac`), URLs, watches and the beginnings of documents are made from these rows. All of these objects are
namespaced, and carry `MANAGED_BY`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Part(Enum):
    """What an object is to the proxies of a Gateway."""

    WORKLOAD = auto()
    """It has the pods: only one of a Gateway's is wanted at a time, and an old one goes when the new one is ready."""
    MOUNTED = auto()
    """Pods run with it: no workload is made while it is not what we want it to be."""
    BESIDE = auto()
    """Pods run without it as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKind:
    """A kind of object that is made for Gateways; `group` is "" for the core."""

    group: str
    version: str
    plural: str
    kind: str
    part: Part

    @property
    def api_version(self) -> str:
        """What stands in `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def head(self) -> Mapping[str, str]:
        """What the document of an object begins with."""
        return {"apiVersion": self.api_version, "kind": self.kind}


SECRET: Final = MadeKind(group="", version="v1", plural="secrets", kind="Secret", part=Part.MOUNTED)
SERVICE_ACCOUNT: Final = MadeKind(
    group="", version="v1", plural="serviceaccounts", kind="ServiceAccount", part=Part.MOUNTED
)
CONFIG_MAP: Final = MadeKind(group="", version="v1", plural="configmaps", kind="ConfigMap", part=Part.MOUNTED)
DEPLOYMENT: Final = MadeKind(group="apps", version="v1", plural="deployments", kind="Deployment", part=Part.WORKLOAD)
DAEMON_SET: Final = MadeKind(group="apps", version="v1", plural="daemonsets", kind="DaemonSet", part=Part.WORKLOAD)
SERVICE: Final = MadeKind(group="", version="v1", plural="services", kind="Service", part=Part.BESIDE)
DISRUPTION_BUDGET: Final = MadeKind(
    group="policy", version="v1", plural="poddisruptionbudgets", kind="PodDisruptionBudget", part=Part.BESIDE
)
AUTOSCALER: Final = MadeKind(
    group="autoscaling",
    version="v2",
    plural="horizontalpodautoscalers",
    kind="HorizontalPodAutoscaler",
    part=Part.BESIDE,
)
NETWORK_POLICY: Final = MadeKind(
    group="networking.k8s.io", version="v1", plural="networkpolicies", kind="NetworkPolicy", part=Part.BESIDE
)

MADE_KINDS: Final = (
    SECRET,
    SERVICE_ACCOUNT,
    CONFIG_MAP,
    DEPLOYMENT,
    DAEMON_SET,
    SERVICE,
    DISRUPTION_BUDGET,
    AUTOSCALER,
    NETWORK_POLICY,
)
BY_NAME: Final[Mapping[str, MadeKind]] = {made.kind: made for made in MADE_KINDS}
WORKLOADS: Final = frozenset(made.kind for made in MADE_KINDS if made.part is Part.WORKLOAD)
PROXIES: Final = WORKLOADS | {CONFIG_MAP.kind}
"""What proxies are made of: pods, and the bootstrap that they read when they start. Both change together."""
MOUNTED: Final = frozenset(made.kind for made in MADE_KINDS if made.part is Part.MOUNTED)
