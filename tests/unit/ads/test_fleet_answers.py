"""Who of a fleet has answered, and for everything; test_fleet.py has what is reported."""

from gatewayd.xds.resource import LISTENER
from tests.unit.ads.test_fleet import GATEWAY, Rig, published


def test_who_was_sent_nothing_owes_no_answer() -> None:
    rig = Rig()
    rig.fleet.publish(published(l="1"))
    member = rig.join()
    rig.take(member)
    assert rig.fleet.responses_to_send(member, 7.0) == ()
    assert member.unanswered is None


def test_that_all_have_everything_is_told_once_for_each_snapshot() -> None:
    rig = Rig()
    first, second = rig.join(), rig.join()
    rig.fleet.publish(published(a="1"))
    rig.take(first)
    late = rig.join()
    assert rig.converged == []
    rig.take(second)
    assert rig.converged == [GATEWAY]
    rig.take(late)  # it was not there when the snapshot came
    assert rig.converged == [GATEWAY]
    rig.fleet.publish(published(a="2"))
    rig.fleet.leave(late)
    rig.take(first)
    rig.read(second)
    rig.answer(second, "no")
    assert rig.converged == [GATEWAY, GATEWAY]  # what it refuses nobody waits for
    assert rig.types == [*[("push", LISTENER)] * 5, ("nack", LISTENER)]


def test_a_stream_that_goes_by_what_was_before_has_not_everything() -> None:
    rig = Rig()
    rig.fleet.publish(published(a="1"))
    member = rig.join()
    rig.take(member)
    assert member.session.is_settled
    member.session.on_snapshot(published(a="2"))
    assert not member.session.is_settled
