"""One member: which watch is believed, and how long what it said stands."""

from dataclasses import replace

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.member_limits import MEMBER_STALE_SECONDS
from gatewayd.ir.members import MemberCluster, Standing
from gatewayd.kube.member import FollowedMember
from gatewayd.kube.member_store import KeptMember
from gatewayd.kube.member_watch import MemberWatch
from gatewayd.members import book
from gatewayd.members.credentials import Credentials
from gatewayd.store import Delta
from tests.unit.kube.member_rig import TIMING
from tests.unit.members.test_book import STORE, WEST, export, piece, service, told
from tests.unit.members.test_standing_rows import row

REACHED = Credentials(url="https://m.example", authority="", server_name="", token="one")


class FakeWatch(MemberWatch):
    """A watch that a test completes."""

    def __init__(self, *addresses: str) -> None:
        super().__init__(WEST, REACHED, TIMING, self)
        self.complete = self.fails = False
        self.book = told(export(), service(), piece(*addresses))

    @property
    def is_complete(self) -> bool:
        return self.complete

    @property
    def is_failing(self) -> bool:
        return self.fails

    def heard(self, watch: MemberWatch, changed: object) -> None:
        """Hear nothing."""

    def restarted(self, watch: MemberWatch) -> None:
        """Hear nothing."""


def standings(deltas: tuple[Delta, ...]) -> list[Standing]:
    return [each.obj.standing for each in deltas if isinstance(each.obj, MemberCluster)]


def addresses(member: FollowedMember) -> list[str]:
    return [
        each.address for row_ in member.standing_rows.rows.values() for port in row_.ports for each in port.endpoints
    ]


def test_a_watch_is_believed_when_it_is_complete() -> None:
    member = FollowedMember(WEST, 0.0)
    assert standings(member.declare(WEST)) == [Standing.KEPT]
    assert not member.is_known
    member.coming = watch = FakeWatch("10.4.0.1")
    assert member.heard(watch, [STORE], 1.0) == ()
    watch.complete = True
    assert standings(member.heard(watch, [], 2.0)) == [Standing.CURRENT]
    assert (member.believed, member.coming, member.is_known, member.is_changed) == (watch, None, True, True)
    assert addresses(member) == ["10.4.0.1"]
    assert member.state(3.0).silent == 1.0


def test_a_watch_that_is_not_used_any_more_says_nothing() -> None:
    member = FollowedMember(WEST, 0.0)
    stranger = FakeWatch("10.4.0.1")
    stranger.complete = True
    assert member.heard(stranger, [STORE], 1.0) == ()


def test_a_watch_that_has_begun_anew_is_compared_as_a_whole() -> None:
    member = FollowedMember(WEST, 0.0)
    member.coming = watch = FakeWatch("10.4.0.1")
    watch.complete = True
    member.heard(watch, [], 1.0)
    watch.book = told(export(), service(), piece("10.4.0.9"))
    member.heard(watch, [], 2.0)
    assert addresses(member) == ["10.4.0.9"]


def test_one_part_that_fails_makes_the_whole_what_was_said_last() -> None:
    member = FollowedMember(WEST, 0.0)
    member.coming = watch = FakeWatch("10.4.0.1")
    watch.complete = True
    member.heard(watch, [], 1.0)
    assert member.look(2.0) == ()
    watch.fails = True
    member.heard(watch, [], 3.0)
    member.is_changed = False
    assert standings(member.look(4.0)) == [Standing.KEPT]
    assert not member.is_changed
    assert standings(member.look(1.0 + MEMBER_STALE_SECONDS)) == [Standing.STALE]
    assert (member.is_stale, member.is_changed) == (True, True)
    # It is kept once that it is stale, and that it is no more, not each time that somebody looks.
    member.is_changed = False
    assert member.look(2000.0) == ()
    assert not member.is_changed
    watch.fails = False
    assert standings(member.heard(watch, [], 2001.0)) == [Standing.CURRENT]
    assert member.is_changed


def test_what_is_kept_was_stale_and_still_is() -> None:
    member = FollowedMember(WEST, 0.0)
    member.declare(WEST)
    assert standings(member.restore(KeptMember(rows={STORE: row("10.4.0.1")}, stale=True))) == [Standing.STALE]
    assert member.is_known
    assert not member.is_changed
    assert member.look(1.0) == ()


def test_who_leaves_and_comes_back() -> None:
    member = FollowedMember(WEST, 0.0)
    member.declare(WEST)
    assert standings(member.leave(5.0)) == [Standing.LEAVING]
    assert (member.left_at, member.look(6.0)) == (5.0, ())
    assert standings(member.declare(replace(WEST, trust=1))) == [Standing.LEAVING, Standing.KEPT]
    assert member.left_at is None


def test_what_is_said_of_it() -> None:
    member = FollowedMember(WEST, 0.0)
    assert member.state(1.0).trouble == "not everything has been listed yet"
    member.refusal = "data[kubeconfig]: is missing"
    assert member.state(1.0).trouble == "data[kubeconfig]: is missing"


def test_what_was_not_followed_while_there_was_too_much_is_found_later(monkeypatch: pytest.MonkeyPatch) -> None:
    member = FollowedMember(WEST, 0.0)
    member.coming = watch = FakeWatch("10.4.0.1")
    watch.complete = True
    member.heard(watch, [], 1.0)
    monkeypatch.setattr(book, "MEMBER_ENDPOINTS", 0)
    told(piece("10.4.0.2"), book=watch.book)
    assert member.heard(watch, [STORE], 2.0) == ()
    monkeypatch.setattr(book, "MEMBER_ENDPOINTS", 9)
    other = ObjectKey("shop", "other")
    watch.book.settle(other)
    member.heard(watch, [other], 3.0)
    assert addresses(member) == ["10.4.0.2"]
