"""Why a process ends: what was raised, not that something was.

Tasks that run side by side end in a group of exceptions, whose own text says no more than how many they are.
"""

import traceback
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def causes(error: BaseException) -> tuple[str, ...]:
    """Return a line for each exception that is no group, in the order of the groups, each once.

    A line has the type, the text, the place in gatewayd where it came from, and what it was raised from.
    """
    return tuple(dict.fromkeys(_line(each) for each in leaves(error)))


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the exceptions of a group and of the groups in it; of what is no group, itself."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from leaves(each)
    else:
        yield error


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    place = _place(error)
    line = f"{said} ({place})" if place else said
    cause = error.__cause__
    return line if cause is None else "; ".join((line, *(f"from {each}" for each in causes(cause))))


def _place(error: BaseException) -> str:
    """Return the innermost place in gatewayd's own code, "" for none."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [each for each in frames if Path(each.filename).is_relative_to(_PACKAGE)]
    return f"{Path(own[-1].filename).relative_to(_PACKAGE.parent)}:{own[-1].lineno}" if own else ""
