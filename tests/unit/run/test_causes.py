import asyncio

import msgspec
import pytest

from gatewayd.run.causes import causes
from gatewayd.run.serve_options import decoded


def test_one_exception_is_its_type_and_text() -> None:
    assert causes(ValueError("no port")) == ("ValueError: no port",)
    assert causes(KeyError()) == ("KeyError",)


def test_a_text_of_several_lines_is_one() -> None:
    assert causes(ValueError("no\n  port\tfree")) == ("ValueError: no port free",)


def test_of_groups_the_leaves_are_told_each_once() -> None:
    inner = ExceptionGroup("inner", [ValueError("one"), OSError("two"), ValueError("one")])
    outer = BaseExceptionGroup("outer", [inner, ExceptionGroup("other", [KeyError("three")])])
    assert causes(outer) == ("ValueError: one", "OSError: two", "KeyError: 'three'")


def test_what_an_exception_was_raised_from_is_told_too() -> None:
    error = RuntimeError("the watch ended")
    error.__cause__ = ExceptionGroup("two", [OSError("reset"), TimeoutError()])
    assert causes(error) == ("RuntimeError: the watch ended; from OSError: reset; from TimeoutError",)


async def test_a_group_of_tasks_says_what_was_raised() -> None:
    async def fail() -> None:
        raise ValueError("the CA cannot be read")

    async def wait() -> None:
        await asyncio.Event().wait()

    async def side_by_side() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(wait())
            tasks.create_task(fail())

    with pytest.raises(ExceptionGroup) as raised:
        await side_by_side()
    assert causes(raised.value) == ("ValueError: the CA cannot be read",)


def test_the_place_in_our_own_code_is_named() -> None:
    with pytest.raises(msgspec.DecodeError) as raised:
        decoded("{")
    (line,) = causes(raised.value)
    assert line.startswith("DecodeError: ")
    assert "(gatewayd/run/serve_options.py:" in line
