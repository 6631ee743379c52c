"""Workloads that roll: a changed template replaces pods one by one, the new one before the old one, and says how far.

https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment
"""

import asyncio
import json

from tests.simulation.api_state import Key, RefusedError
from tests.simulation.workloads import WORKLOADS, Workloads

LOOK_SECONDS = 0.5


class RollingWorkloads(Workloads):
    """Controllers beside gatewayd, of which that of Deployments rolls. `most_at_once`: workloads seen rolling."""

    most_at_once = 0

    def rolling(self) -> list[Key]:
        """Return the workloads that have pods of an older template."""
        return [at for at in sorted(self._state.objects, key=str) if at.plural in WORKLOADS and self._stale(at)]

    def _template(self, workload: Key) -> str:
        return json.dumps(self._state.objects[workload]["spec"]["template"], sort_keys=True)

    def _stale(self, workload: Key) -> list[str]:
        wanted = self._template(workload)
        return [name for name, pod in self.pods.items() if pod.workload == workload and pod.template != wanted]

    def _start(self, workload: Key) -> None:
        super()._start(workload)
        *_, newest = self.pods.values()
        newest.template = self._template(workload)

    def _scale(self, workload: Key) -> None:
        if workload not in self._state.objects or not self._stale(workload):
            super()._scale(workload)
        else:
            self._roll(workload)
        if workload in self._state.objects:
            self._tell(workload)
            if self._stale(workload) or not self._is_ready(workload):
                asyncio.get_running_loop().call_later(LOOK_SECONDS, self._scale, workload)

    def _roll(self, workload: Key) -> None:
        """Start one pod more than wanted, or end an old one when the new ones are ready."""
        self.most_at_once = max(self.most_at_once, len(self.rolling()))
        stale = self._stale(workload)
        wanted = self._state.objects[workload]["spec"].get("replicas", 1)
        fresh = [name for name, pod in self.pods.items() if pod.workload == workload and name not in stale]
        if not all(self.pods[name].envoy.has_listeners for name in fresh):
            return
        if len(fresh) + len(stale) > wanted:
            self._stop(stale[0])
        else:
            self._start(workload)

    def _is_ready(self, workload: Key) -> bool:
        document = self._state.objects[workload]
        return (document.get("status") or {}).get("readyReplicas", 0) >= document["spec"].get("replicas", 1)

    def _tell(self, workload: Key) -> None:
        """Write how many pods are new, and how many are ready."""
        mine = [pod for pod in self.pods.values() if pod.workload == workload]
        template = self._template(workload)
        generation = self._state.objects[workload]["metadata"]["generation"]
        status = {
            "observedGeneration": generation,
            "replicas": len(mine),
            "updatedReplicas": sum(pod.template == template for pod in mine),
            "readyReplicas": sum(pod.envoy.has_listeners for pod in mine),
        }
        if self._state.objects[workload].get("status") != status:
            try:
                self._state.merge(workload, {"status": status}, status_only=True)
            except RefusedError:
                return
