"""What the committed reports say, as the README shows it: `python -m conformance.summary` writes it there.

In: the reports in `conformance/reports/`. Out: the table between the README's markers `<!-- conformance` and
`<!-- /conformance -->`; what people wrote around the table stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import yaml

from conformance.build import HERE
from conformance.profiles import GATEWAY, PARTS, figures

README = HERE.parent / "README.md"
_BLOCK = re.compile(r"(?s)<!-- conformance\b.*?<!-- /conformance -->")
_TABLE = re.compile(r"(?m)^\|.*\|\n(?:\|.*\|\n)+")
_HEAD = "| profile | core tests | extended tests | extended features |\n|---|--:|--:|--:|\n"


def report(part: str) -> Any:
    """Return the report of a part of the suite (`profiles.PARTS`) against the installation as it is."""
    (found,) = (HERE / "reports").glob(f"experimental-*-{PARTS[part].mode}-report.yaml")
    return yaml.safe_load(found.read_text(encoding="utf-8"))


def release() -> str:
    """Return the release of the Gateway API that the gateway's report is of."""
    return str(report(GATEWAY)["gatewayAPIVersion"])


def table() -> str:
    """Return the reports' profiles as a table."""
    return _HEAD + "".join(f"{line}\n" for line in _rows())


def block() -> str:
    """Return what stands between the README's markers."""
    found = _BLOCK.search(README.read_text(encoding="utf-8"))
    if found is None:
        raise LookupError("README.md has no markers `<!-- conformance` and `<!-- /conformance -->`")
    return found[0]


def _rows() -> Iterator[str]:
    for part in PARTS:
        # The suite writes the profiles in an order that differs from run to run.
        for profile in sorted(report(part)["profiles"], key=itemgetter("name")):
            core, extended, features = figures(profile)
            yield f"| {profile['name']} | {core} | {extended} | {features} |"


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(text.replace(block(), _TABLE.sub(table(), block(), count=1)), encoding="utf-8")
