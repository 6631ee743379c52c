"""Runs the command line in this process."""

from dataclasses import dataclass

import pytest

from gatewayd.cli.main import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str


class Gatewayd:
    """`gatewayd ...`."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            run([str(each) for each in arguments])
        found = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ran(code=ended.value.code, out=found.out, err=found.err)
