"""`python -m tests.compat.write VERSION`: keep what this tree writes, when it is released under that version.

Run it with PYTHONHASHSEED=0 on the commit of the release, then add the release to `gatewayd/diff/releases.py`.
"""

import json
import sys
from pathlib import Path

from tests.compat.written import CASES, FOLDER, cluster, installed, manifests_of, run, versions


def write(folder: Path) -> None:
    """Write the fixtures of a release into its folder."""
    (folder / "manifests").mkdir(parents=True, exist_ok=True)
    for name, value in (("cluster", run(cluster())), ("installation", installed())):
        (folder / f"{name}.json").write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    known = {}
    for case in CASES:
        text = manifests_of(case)
        (folder / "manifests" / f"{case.replace('/', '-')}.yaml").write_text(text, encoding="utf-8")
        known[case.replace("/", "-")] = versions(text)
    (folder / "snapshots.json").write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(FOLDER / sys.argv[1])
    sys.stdout.write(f"tests/compat/{sys.argv[1]} written\n")
