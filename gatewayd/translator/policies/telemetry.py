"""Which XTelemetryPolicy applies to a Gateway: the oldest, then the first by namespace and name; settings do not mix.

https://gateway-api.sigs.k8s.io/geps/gep-4768/
"""

from gatewayd.api.meta import ObjectKey
from gatewayd.api.xtelemetrypolicy import XTelemetryPolicy
from gatewayd.incremental.view import Index, View, query, rows
from gatewayd.translator.protocols import GATEWAY_KIND


def traced_gateways(row: XTelemetryPolicy) -> list[ObjectKey]:
    """Return the Gateways that a policy is for, there or not, each once."""
    named = (each.name for each in row.spec.target_refs if each.group_kind == GATEWAY_KIND)
    return [ObjectKey(row.metadata.namespace, name) for name in dict.fromkeys(named)]


TELEMETRY = Index(
    name="telemetry_policies_by_gateway",
    sources=(rows(XTelemetryPolicy, traced_gateways),),
    group=lambda gateway: gateway,
)


@query
def telemetry_policy(view: View, gateway: ObjectKey) -> ObjectKey | None:
    """Return the policy that applies to a Gateway."""
    found = (view.get(XTelemetryPolicy, member.key) for member in view.bucket(TELEMETRY, gateway))
    by_age = [(row.metadata.creation_timestamp, row.metadata.key) for row in found if row is not None]
    return min(by_age)[1] if by_age else None
