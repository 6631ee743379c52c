"""docs/changelog.md is what docs/changelog.py makes of the table of releases, and each release has its fixtures."""

import runpy
from pathlib import Path

from gatewayd.diff.releases import RELEASES

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "changelog.md"


def test_the_page_is_what_the_table_says() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "changelog.py"))["page"]()
    assert PAGE.read_text(encoding="utf-8") == made, "stale: run `python docs/changelog.py`"


def test_each_release_has_fixtures() -> None:
    kept = {path.name for path in (ROOT / "tests" / "compat").iterdir() if path.name[0].isdigit()}
    assert kept == {release.version for release in RELEASES}
