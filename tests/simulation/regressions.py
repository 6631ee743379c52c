"""Runs that once ended where they should not: a seed, and the fewest faults that it took."""

from typing import Final

from tests.simulation.faults import Fault

REGRESSIONS: Final[dict[str, tuple[int, tuple[Fault, ...]]]] = {
    "a cluster that was never warm kept all later ones from being sent, and their routes went out without them": (
        20098,
        (Fault(number=2, round=1, kind="refusals", after=7.078, whom=11, seconds=42.506, turns=211, what=55),),
    ),
    "after a conflict an object was not to be read for 20 s, and was at once; nobody remembered to write its status": (
        9044,
        (
            Fault(number=0, round=0, kind="conflicts", after=8.632, whom=9, seconds=31.322, turns=181, what=30),
            Fault(number=1, round=0, kind="errors", after=8.713, whom=3, seconds=34.083, turns=351, what=20),
            Fault(number=2, round=0, kind="lost answers", after=0.017, whom=0, seconds=10.032, turns=190, what=15),
        ),
    ),
    "the first complaints came before anybody was elected, and had no Event": (53, ()),
    "a report of a replica's proxies arrived after the one that followed it": (
        53,
        (
            Fault(number=0, round=0, kind="compaction", after=8.826, whom=4, seconds=30.412, turns=452, what=36),
            Fault(number=1, round=0, kind="late requests", after=5.743, whom=2, seconds=32.015, turns=372, what=1),
            Fault(number=2, round=0, kind="crash", after=6.865, whom=0, seconds=37.340, turns=176, what=47),
            Fault(number=3, round=0, kind="partition", after=1.059, whom=5, seconds=11.682, turns=24, what=23),
        ),
    ),
}
"""The text says what went wrong then."""
