"""`python -m tests.skew [NAME]`: releases of Envoy read every configuration whose name begins so.

Prints a line for each release, and what it refuses in words that are not known of it; exits with 1 for such a thing.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

from rich.console import Console

from gatewayd.ir.envoy_releases import RELEASES
from tests.golden.validate import validated
from tests.skew.configurations import Configuration, configurations
from tests.skew.known import is_known
from tests.skew.releases import release

CONSOLE = Console(markup=False, highlight=False, soft_wrap=True)


def refusal(configuration: Configuration, binary: Path) -> str:
    """Return what a release says against a configuration, "" when it would serve by it."""
    with tempfile.TemporaryDirectory(prefix="gwd-") as folder:
        found = validated(configuration.written(Path(folder)), Path(folder), binary)
    return "" if found.returncode == 0 else (found.stderr + found.stdout).strip() or f"exit code {found.returncode}"


def refusals(found: Sequence[Configuration], binary: Path) -> dict[str, str]:
    """Return what a release refuses, by the name of the configuration."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        said = threads.map(lambda each: refusal(each, binary), found)
        return {each.name: text for each, text in zip(found, said, strict=True) if text}


def main(beginning: str) -> int:
    found = tuple(configurations(beginning))
    if not found:
        CONSOLE.print(f"no configuration's name begins with {beginning!r}")
        return 2
    read = wrong = 0
    for version in RELEASES:
        began = monotonic()
        refused = refusals(found, release(version))
        read += len(found) - len(refused)
        surprises = {name: said for name, said in refused.items() if not is_known(version, said)}
        wrong += len(surprises)
        for name, said in surprises.items():
            CONSOLE.print(f"Envoy {version} refuses {name}: {said}")
        CONSOLE.print(f"Envoy {version}: {len(found) - len(refused)} of {len(found)} read, {monotonic() - began:.0f} s")
    total = len(found) * len(RELEASES)
    CONSOLE.print(f"{read} of {total} read by {len(RELEASES)} releases of Envoy, {wrong} refused for what is not known")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:2])))
