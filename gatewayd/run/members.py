"""The member clusters of a replica, wired: who is told of them, and how they are said to people."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from gatewayd.api.core import Secret
from gatewayd.api.kinds import BY_STRUCT
from gatewayd.api.meta import ObjectKey
from gatewayd.ir.members import Standing
from gatewayd.kube.client import KubeClient
from gatewayd.kube.events import EventRecorder, Notice
from gatewayd.kube.lease import Leadership
from gatewayd.kube.member import MemberState
from gatewayd.kube.member_client import MemberClient
from gatewayd.kube.member_store import MemberStore
from gatewayd.kube.member_warnings import MemberWarning
from gatewayd.kube.members import MemberMeans, Members
from gatewayd.kube.reflector import Submit, Timing
from gatewayd.telemetry.metrics import MemberFacts, Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTelling:
    """Who is told of members: metrics, and Events of Secrets."""

    metrics: Metrics
    events: EventRecorder

    def member_restarted(self, cluster: str) -> None:
        """Count it."""
        self.metrics.member_restarted(cluster)

    def member_states(self, states: tuple[MemberState, ...]) -> None:
        """Note how members are."""
        self.metrics.members(
            tuple(
                MemberFacts(
                    cluster=each.cluster,
                    synced=each.standing is Standing.CURRENT,
                    exports=each.exports,
                    endpoints=each.endpoints,
                    silent=each.silent,
                )
                for each in states
            )
        )

    def member_warned(self, secret: ObjectKey, uid: str, warning: MemberWarning) -> None:
        """Say it where whoever wrote the Secret looks."""
        reason, message = warning.reason.value, warning.message
        self.events.warn(Notice(kind=BY_STRUCT[Secret], key=secret, reason=reason, message=message, uid=uid))


class MemberSetting(NamedTuple):
    """Where members are declared and kept, and who keeps them."""

    namespace: str
    client: KubeClient
    leadership: Leadership
    timing: Timing
    clock: Callable[[], float]


def members_of(setting: MemberSetting, submit: Submit, telling: MemberTelling) -> Members:
    """Return the members of a replica."""
    means = MemberMeans(
        store=MemberStore(setting.client, setting.namespace),
        connect=MemberClient,
        leadership=setting.leadership,
        timing=setting.timing,
        clock=setting.clock,
    )
    return Members(namespace=setting.namespace, means=means, submit=submit, observer=telling)


def member_notices(members: Members) -> Iterator[str]:
    """Yield what is to be said of members that are not well."""
    for secret, why in members.refusals().items():
        yield f"Secret {secret}: {why}"
    for each in members.states():
        if each.trouble or each.standing is not Standing.CURRENT:
            said = f"{each.endpoints} endpoints of {each.exports} exports as it said them last"
            why = f"; {each.trouble}" if each.trouble else ""
            yield f"member {each.cluster}: {each.standing.value}, {said}, {each.silent:.0f} s ago{why}"
