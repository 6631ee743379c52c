"""What the committed report says, as the README shows it: `python -m conformance.summary` writes it there.

In: the report in `conformance/reports/`. Out: the table between the README's markers `<!-- conformance` and
`<!-- /conformance -->`; what people wrote around the table stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import yaml

from conformance.build import HERE

README = HERE.parent / "README.md"
_BLOCK = re.compile(r"(?s)<!-- conformance\b.*?<!-- /conformance -->")
_TABLE = re.compile(r"(?m)^\|.*\|\n(?:\|.*\|\n)+")
_HEAD = "| profile | core tests | extended tests | extended features |\n|---|--:|--:|--:|\n"


def report() -> Path:
    """Return the report of the whole suite against the installation as it is."""
    (found,) = (HERE / "reports").glob("experimental-*-default-report.yaml")
    return found


def release() -> str:
    """Return the release of the Gateway API that the report is of."""
    return str(yaml.safe_load(report().read_text(encoding="utf-8"))["gatewayAPIVersion"])


def table() -> str:
    """Return the report's profiles as a table."""
    return _HEAD + "".join(f"{line}\n" for line in _rows())


def block() -> str:
    """Return what stands between the README's markers."""
    found = _BLOCK.search(README.read_text(encoding="utf-8"))
    if found is None:
        raise LookupError("README.md has no markers `<!-- conformance` and `<!-- /conformance -->`")
    return found[0]


def _rows() -> Iterator[str]:
    # The suite writes the profiles in an order that differs from run to run.
    profiles = yaml.safe_load(report().read_text(encoding="utf-8"))["profiles"]
    for profile in sorted(profiles, key=itemgetter("name")):
        core, extended = profile["core"]["statistics"], profile["extended"]["statistics"]
        features = len(profile["extended"]["supportedFeatures"])
        yield f"| {profile['name']} | {core['Passed']} | {extended['Passed']} | {features} |"


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(text.replace(block(), _TABLE.sub(table(), block(), count=1)), encoding="utf-8")
