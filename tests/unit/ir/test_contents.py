from gatewayd.ir.contents import Unread


def test_two_that_say_the_same_are_equal() -> None:
    assert Unread(why="cannot be read") == Unread(why="cannot be read")
