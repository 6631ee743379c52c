"""The table of operations.md says what `CLIENT_HEADERS` says."""

import re
from pathlib import Path

from gatewayd.ir.edge import CLIENT_HEADERS

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def test_the_page_lists_what_clients_may_not_write() -> None:
    section = PAGE.read_text().partition("\n## What is taken from clients\n")[2].partition("\n\nA route may still")[0]

    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE)

    assert rows == [(each.name, each.seen or "nothing") for each in CLIENT_HEADERS]
