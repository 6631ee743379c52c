"""How fast one stream is read: a client that asks, or refuses, in a tight loop waits for itself.

In: the time, and what each request was. Out: how long not to read. A request costs by what it makes us do; the account
is full at first, so that a client that starts, or comes back, is read at once. Nothing is lost by waiting: at most one
response of each type is unanswered, and the next one says the latest there is.
"""

from gatewayd.ads.protocol.session import Answer, Request
from gatewayd.ir.limits import REQUEST_BURST, REQUEST_COST, REQUEST_NACK, REQUEST_NAMES, REQUESTS_A_SECOND


def cost_of(message: Request, answer: Answer) -> float:
    """Return what a request costs: the more, the more names it lists; a NACK is followed by the next attempt."""
    names = sum(len(getattr(message, field, ())) for field in _LISTS)
    own = REQUEST_NACK if answer is Answer.NACK else 1
    return min(own + names / REQUEST_NAMES, REQUEST_COST)


_LISTS = ("resource_names", "resource_names_subscribe", "resource_names_unsubscribe", "initial_resource_versions")


class RequestPace:
    """The account of one stream; times are seconds of a clock that does not go back."""

    __slots__ = ("_at", "_left")

    def __init__(self, now: float) -> None:
        self._at = now
        self._left = float(REQUEST_BURST)

    def charge(self, cost: float, now: float) -> float:
        """Take off what a request costs; return for how many seconds nothing is to be read."""
        self._left = min(REQUEST_BURST, self._left + (now - self._at) * REQUESTS_A_SECOND) - cost
        self._at = now
        return max(0.0, -self._left / REQUESTS_A_SECOND)
