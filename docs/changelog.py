"""Writes docs/changelog.md from the table of releases: `python docs/changelog.py`."""  # noqa: INP001 - a program beside its file

from collections.abc import Iterator
from pathlib import Path

from gatewayd.diff.releases import NEXT, RELEASES, Release, UpgradeChange

PAGE = Path(__file__).with_name("changelog.md")
HEAD = """\
# Changelog

What each release changes of what proxies have, which is what an upgrade does to them. `docs/changelog.py` makes it
of `gatewayd/diff/releases.py`; `gatewayd diff --from VERSION` says it of the build that you have. How to upgrade and
what a version promises: [operations.md](operations.md#upgrade-and-back). Commits say all else.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD, _section("Next", "not released yet", NEXT)]
    first, *later = RELEASES
    parts += [_section(each.version, _when(each), each.changes) for each in reversed(later)]
    return "\n".join((*parts, f"## {first.version}", "", f"{_when(first)}.", "", "The first release.", ""))


def _when(release: Release) -> str:
    return f"{release.day}, commit `{release.commit[:12]}`"


def _section(title: str, when: str, changes: tuple[UpgradeChange, ...]) -> str:
    return "\n".join((f"## {title}", "", f"{when}.", "", *_lines(changes), ""))


def _lines(changes: tuple[UpgradeChange, ...]) -> Iterator[str]:
    if not changes:
        yield "Changes nothing that proxies have."
    yield from (f"- **{change.effect}** {change.where}: {change.why}" for change in changes)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
