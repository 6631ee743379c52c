"""Members of a replica, as people hear of them."""

from typing import Any

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.members import Standing
from gatewayd.kube.events import Notice
from gatewayd.kube.member import MemberState
from gatewayd.kube.member_warnings import MemberWarning, WarningReason
from gatewayd.run.members import MemberTelling, member_notices
from gatewayd.telemetry.metrics import Metrics

WELL = MemberState(cluster="east", standing=Standing.CURRENT, exports=2, endpoints=7, silent=3.0, trouble="")
ILL = MemberState(cluster="west", standing=Standing.STALE, exports=1, endpoints=5, silent=400.0, trouble="no answer")


class Events:
    """Who writes Events."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def warn(self, notice: Notice) -> None:
        self.notices.append(notice)


class FakeMembers:
    """Members as a test has them."""

    def refusals(self) -> dict[ObjectKey, str]:
        return {ObjectKey("gatewayd-system", "north"): "data[kubeconfig]: is missing"}

    def states(self) -> tuple[MemberState, ...]:
        return (WELL, ILL)


def test_who_is_not_well_is_said() -> None:
    members: Any = FakeMembers()
    assert list(member_notices(members)) == [
        "Secret gatewayd-system/north: data[kubeconfig]: is missing",
        "member west: stale, 5 endpoints of 1 exports as it said them last, 400 s ago; no answer",
    ]


def test_metrics_are_by_cluster_and_go_with_it() -> None:
    metrics, events = Metrics("0"), Events()
    recorder: Any = events
    telling = MemberTelling(metrics=metrics, events=recorder)
    telling.member_restarted("west")
    telling.member_states((WELL, ILL))
    text = metrics.text().decode()
    assert 'gatewayd_member_synced{cluster="east"} 1.0' in text
    assert 'gatewayd_member_synced{cluster="west"} 0.0' in text
    assert 'gatewayd_member_endpoints{cluster="west"} 5.0' in text
    assert 'gatewayd_member_silent_seconds{cluster="west"} 400.0' in text
    assert 'gatewayd_member_watch_restarts_total{cluster="west"} 1.0' in text
    telling.member_states((WELL,))
    assert 'cluster="west"' not in metrics.text().decode()


def test_a_warning_is_an_event_of_its_secret() -> None:
    events = Events()
    recorder: Any = events
    warning = MemberWarning(WarningReason.OVER_LIMIT, "why")
    MemberTelling(metrics=Metrics("0"), events=recorder).member_warned(ObjectKey("a", "b"), "uid-1", warning)
    (notice,) = events.notices
    assert (notice.kind.kind, notice.key, notice.reason, notice.message, notice.uid) == (
        "Secret",
        ObjectKey("a", "b"),
        "OverLimit",
        "why",
        "uid-1",
    )
