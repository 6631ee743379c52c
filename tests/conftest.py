"""What holds for every test: how properties are tried, and what it leaves behind as it was."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

# The same cases in each run, and no case fails because the machine was busy.
settings.register_profile("gatewayd", derandomize=True, deadline=None)
settings.load_profile("gatewayd")


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """Undo what a command under test made of the log: it may write to a stream that is closed by now."""
    yield
    structlog.reset_defaults()
