"""How fast one stream is read: a client that asks, or refuses, in a tight loop waits for itself.

In: the time, and what each request was. Out: how long not to read. A request costs by what it makes us do. Nothing is
lost by waiting: at most one response of each type is waited for, and the next one says the latest there is.
"""

from gatewayd.ads.protocol.session import Answer, Request
from gatewayd.ir.limits import REQUEST_BURST, REQUEST_COST, REQUEST_NACK, REQUEST_NAMES, REQUESTS_A_SECOND
from gatewayd.untrusted.pace_account import PaceAccount


def cost_of(message: Request, answer: Answer) -> float:
    """Return what a request costs: the more, the more names it lists; a NACK is followed by the next attempt."""
    names = sum(len(getattr(message, field, ())) for field in _LISTS)
    own = REQUEST_NACK if answer is Answer.NACK else 1
    return min(own + names / REQUEST_NAMES, REQUEST_COST)


_LISTS = ("resource_names", "resource_names_subscribe", "resource_names_unsubscribe", "initial_resource_versions")


class RequestPace(PaceAccount):
    """The account of one stream."""

    __slots__ = ()

    def __init__(self, now: float) -> None:
        super().__init__(now, full=REQUEST_BURST, a_second=REQUESTS_A_SECOND)
