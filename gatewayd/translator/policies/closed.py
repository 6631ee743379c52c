"""Which section of which policy closes a rule, since it cannot be honoured; and how routes are told of that."""

from typing import NamedTuple

from gatewayd.api.accesspolicy import AccessPolicy
from gatewayd.api.meta import ObjectKey
from gatewayd.translator.ingresses import INGRESS_KIND
from gatewayd.translator.policies.effective import UNREADABLE, Effective, Ruled, WrittenAs
from gatewayd.translator.policies.kinds import InheritedTable


class Closed(NamedTuple):
    """What of a policy cannot be honoured; `message` is below the section, `path` the section's field.

    `is_apart`: the section is good by itself, and does not go together with others in force, which no policy is told.
    """

    kind: str
    policy: ObjectKey
    path: str
    message: str
    is_apart: bool

    def __str__(self) -> str:
        if self.kind == INGRESS_KIND.kind:
            # An annotation of the Ingress itself, which has no status for it.
            return f"{self.path}: {self.message}"
        policy = f'{self.kind} "{self.policy}"'
        if self.is_apart:
            return f"{policy}: {self.path}: {self.message}"
        # What is wrong may name objects of the policy's namespace, which the owner of a route need not see.
        return f"{policy} cannot be honoured at {self.path}; its status says why"


def closed(
    effective: Effective, ruled: Ruled, message: str, *, is_apart: bool = False, table: InheritedTable = AccessPolicy
) -> Closed:
    """Return what is wrong with a section in force of a kind of policy."""
    strategy = "override" if ruled in effective.overrides else "default"
    own = WrittenAs(table.__name__, f"spec.{strategy}.{ruled.wire}")
    kind, path = ruled.origin or own
    return Closed(kind, ruled.policy, "spec" if ruled.section == UNREADABLE else path, message, is_apart)
