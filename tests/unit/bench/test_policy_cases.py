"""docs/envoy-gateway-kinds.md tells of each case whose answers are said to differ."""

from bench.peers.policies import Compared
from bench.peers.policy_cases import CASES
from tests.unit.docs.test_links import ROOT


def test_the_page_tells_of_each_difference() -> None:
    page = (ROOT / "docs" / "envoy-gateway-kinds.md").read_text(encoding="utf-8")
    assert [case.name for case in CASES if case.differs and case.differs not in page] == []


def test_there_are_enough_of_them_over_all_kinds() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert len({case.kind for case in CASES}) == 7


def test_a_difference_that_the_page_does_not_tell_of() -> None:
    told = next(case for case in CASES if case.differs)
    plain = next(case for case in CASES if not case.differs)
    apart = {"gatewayd": ("500",), "envoy-gateway": ("200",)}
    assert Compared(told, apart).differs
    assert Compared(told, apart).is_told
    assert not Compared(plain, apart).is_told
    assert not Compared(plain, {"gatewayd": ("200",), "envoy-gateway": ("200",)}).differs
