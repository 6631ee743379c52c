"""What every test leaves behind it as it was."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """Undo what a command under test made of the log: it may write to a stream that is closed by now."""
    yield
    structlog.reset_defaults()
