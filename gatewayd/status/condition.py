"""Verdict -> condition, as far as it can be said without a clock (`merge` adds `lastTransitionTime`).

https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.33/#condition-v1-meta
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gatewayd.ir.outcome import Verdict

Json = Mapping[str, Any]
"""An object of the Kubernetes API as plain values."""

MESSAGE_LIMIT: Final = 32_768
_STATUS: Final = {True: "True", False: "False"}


def conditions(verdicts: Iterable[Verdict], generation: int) -> list[Json]:
    """Return the conditions that the verdicts make, in their order; each carries the generation it speaks of."""
    return [
        {
            "type": each.type,
            "status": _STATUS[each.status],
            "reason": each.reason,
            "message": each.message[:MESSAGE_LIMIT],
            "observedGeneration": generation,
        }
        for each in verdicts
    ]
