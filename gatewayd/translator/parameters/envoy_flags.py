"""Envoy's flags that may be set for the proxies of a Gateway: a list of arguments -> the same, checked.

An allow-list, since the others read and write files, open ports, or make another proxy of it. Envoy's parser splits an
argument at a space and takes a value that is glued to a short flag, so only whole long flags by their exact names pass,
with values that have no space. https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/cli
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gatewayd.translator.parameters.readers import Wrong

_LEVEL = "trace|debug|info|warning|warn|error|critical|off"
_NAME = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """What a flag's value must match as a whole, and how that is said; None: it has no value."""

    value: re.Pattern[str] | None
    allowed: str
    repeated: bool = False


def _valued(pattern: str, allowed: str, *, repeated: bool = False) -> Flag:
    return Flag(value=re.compile(pattern), allowed=allowed, repeated=repeated)


_SWITCH: Final = Flag(value=None, allowed="no value")

FLAGS: Final[Mapping[str, Flag]] = {
    "--component-log-level": _valued(
        rf"[a-z0-9_]{{1,63}}:({_LEVEL})(,[a-z0-9_]{{1,63}}:({_LEVEL})){{0,31}}", "component:level[,component:level]"
    ),
    "--enable-fine-grain-logging": _SWITCH,
    "--file-flush-interval-msec": _valued(r"[1-9][0-9]{1,5}", "10 to 999999"),
    "--log-format-escaped": _SWITCH,
    "--log-level": _valued(_LEVEL, _LEVEL.replace("|", ", ")),
    "--service-zone": _valued(_NAME, "a name of at most 63 characters"),
    "--skip-deprecated-logs": _SWITCH,
    "--stats-tag": _valued(r"[A-Za-z0-9]{1,63}:[A-Za-z0-9_-]{1,63}", "name:value", repeated=True),
}
"""By name. Envoy refuses a flag that is given twice, but for those that are `repeated`."""

APART: Final = frozenset({"--component-log-level", "--enable-fine-grain-logging"})
"""Envoy does not start with both of them."""


def read_flags(arguments: Sequence[object]) -> tuple[str, ...] | Wrong:
    """Return the arguments as Envoy takes them, flag and value apart, or what is wrong with the first bad one.

    In: a flag and its value as two items, or as one, `--flag=value`.
    """
    taken: list[str] = []
    names: set[str] = set()
    at = 0
    while at < len(arguments):
        read = _one(arguments, at)
        if isinstance(read, Wrong):
            return read
        name, *value = read.items
        if name in names and not FLAGS[name].repeated:
            return Wrong(why=f"[{at}]: {name} is given twice; once is allowed")
        names.add(name)
        taken += (name, *value)
        at += read.width
    return Wrong(why=f"{' and '.join(sorted(APART))}; one of them is allowed") if names >= APART else tuple(taken)


def flag_names(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the flags among arguments that `read_flags` has returned: no value begins as a flag does."""
    return tuple(each for each in arguments if each in FLAGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A flag with its value, and how many arguments that took."""

    items: tuple[str, ...]
    width: int


def _one(arguments: Sequence[object], at: int) -> _Read | Wrong:
    written = arguments[at]
    if not isinstance(written, str):
        return Wrong(why=f"[{at}]: not a string; put it in quotes")
    name, glued, value = written.partition("=")
    flag = FLAGS.get(name)
    if flag is None:
        return Wrong(why=f"[{at}]: {shown(name)} is not allowed; allowed: {', '.join(FLAGS)}")
    if flag.value is None:
        return Wrong(why=f"[{at}]: {name} takes no value; leave it out") if glued else _Read(items=(name,), width=1)
    if not glued and at + 1 == len(arguments):
        return Wrong(why=f"[{at}]: {name} has no value; allowed: {flag.allowed}")
    width = 1 if glued else 2
    return _with_value(name, value if glued else arguments[at + 1], at, width)


def _with_value(name: str, value: object, at: int, width: int) -> _Read | Wrong:
    flag, where = FLAGS[name], at + width - 1
    if not isinstance(value, str):
        return Wrong(why=f"[{where}]: not a string; put it in quotes")
    if flag.value is None or not flag.value.fullmatch(value):
        return Wrong(why=f"[{where}]: {shown(value)} is no value of {name}; allowed: {flag.allowed}")
    return _Read(items=(name, value), width=width)


def shown(text: str) -> str:
    """Return a user's text for a message: short, quoted and on one line."""
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return '"' + short.encode("unicode_escape").decode() + '"'
