"""Write what the tests keep of the CRDs: `python -m tests.upstream.write`. Needs Go."""

import sys

from tests.unit.api.crd_facts import FOLDER, RELEASES, path_of, text_of
from tests.upstream.release import served


def main() -> int:
    """Write the facts of every release."""
    FOLDER.mkdir(exist_ok=True)
    for release in RELEASES:
        path_of(release).write_text(text_of(served(release)), encoding="utf-8")
        sys.stdout.write(f"{path_of(release)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
