from collections.abc import Iterable

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.outcome import InfrastructureReport
from gatewayd.kube.infrastructure_reports import InfrastructureReports
from gatewayd.store import Delta, Event

GW, OTHER = ObjectKey("shop", "gw"), ObjectKey("shop", "other")


class Rig:
    def __init__(self) -> None:
        self.rows: list[tuple[object, tuple[str, ...]]] = []
        self.reports = InfrastructureReports(self._submit)

    def _submit(self, events: Iterable[Event]) -> None:
        for event in events:
            assert isinstance(event, Delta)
            assert event.obj is None or isinstance(event.obj, InfrastructureReport)
            self.rows.append((event.key, event.obj.problems if event.obj is not None else ()))


def test_what_two_stages_say_is_one_row_until_both_are_well() -> None:
    rig = Rig()
    rig.reports.told("objects", GW, ("quota",))
    rig.reports.told("certificate", GW, ("odd",))
    rig.reports.told("objects", GW, ())
    rig.reports.told("certificate", GW, ())
    assert rig.rows == [(GW, ("quota",)), (GW, ("odd", "quota")), (GW, ("odd",)), (GW, ())]


def test_the_same_again_is_no_news() -> None:
    rig = Rig()
    rig.reports.told("objects", GW, ())
    rig.reports.told("objects", GW, ("quota",))
    rig.reports.told("objects", GW, ("quota",))
    assert rig.rows == [(GW, ("quota",))]


def test_who_leads_anew_begins_with_nothing() -> None:
    rig = Rig()
    rig.reports.told("objects", GW, ("quota",))
    rig.reports.told("objects", OTHER, ("taken",))
    rig.rows.clear()
    rig.reports.clear()
    assert rig.rows == [(GW, ()), (OTHER, ())]
    rig.reports.told("objects", GW, ("quota",))
    assert rig.rows[2:] == [(GW, ("quota",))]
