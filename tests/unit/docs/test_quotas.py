"""The table of operations.md has the numbers of the limits."""

import re
from pathlib import Path

from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def test_the_page_has_the_numbers() -> None:
    section = PAGE.read_text().partition("\n## What routes may take up\n")[2].partition("\n## ")[0]

    rows = re.findall(r"^\| [a-z ]+ \| (\d+) \| (\d+) \|$", section, re.MULTILINE)

    quotas = DEFAULT_PARAMETERS.quotas
    expected = zip(quotas.route, quotas.namespace, strict=True)
    assert [(int(one), int(every)) for one, every in rows] == list(expected)
