"""How fast a stranger is heard: what they make us do is taken off an account that fills up again at a rate.

The account is full at first, so that who starts, or comes back, is heard at once. In: the time, and what something
costs. Out: how long not to listen. Times are seconds of a clock that does not go back.
"""


class PaceAccount:
    """The account of one stranger: at most `full`, and `a_second` more each second."""

    __slots__ = ("_a_second", "_at", "_full", "_left")

    def __init__(self, now: float, *, full: float, a_second: float) -> None:
        self._at = now
        self._full = self._left = full
        self._a_second = a_second

    def charge(self, cost: float, now: float) -> float:
        """Take off what something costs; return for how many seconds nothing more is to be heard."""
        self._left = min(self._full, self._left + (now - self._at) * self._a_second) - cost
        self._at = now
        return max(0.0, -self._left / self._a_second)
