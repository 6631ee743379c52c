"""What each release changes of what was there before it: the table behind `gatewayd diff --from` and the changelog.

A change that leaves other bytes of equal objects is said here, by what it does to whoever upgrades
(`tests/compat/test_announced.py` compares the bytes of the last release with those of today). The way back does the
same once more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class UpgradeEffect(StrEnum):
    """What an upgrade does to proxies that run, the worst first."""

    ROLLS = "rolls"
    """The bootstrap or the pods change: proxies are replaced, one Gateway after the other."""
    DRAINS = "drains"
    """Listeners change: their connections end when they are idle, or when the drain time is over."""
    RESENDS = "re-sends"
    """Clusters, endpoints, routes or certificates are sent again; no connection ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeChange:
    """One change: what it does, to what of whom, and why, in a sentence."""

    effect: UpgradeEffect
    where: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A released version: the commit it was made of, when, and what it changed of the release before it."""

    version: str
    commit: str
    day: str
    changes: tuple[UpgradeChange, ...]


RELEASES: Final[tuple[Release, ...]] = (
    Release(version="0.1.0", commit="84e508fcbdaaacba397fa0fc07b37022f4751eb6", day="2026-11-30", changes=()),
)
"""In their order."""

NEXT: Final[tuple[UpgradeChange, ...]] = (
    UpgradeChange(
        effect=UpgradeEffect.ROLLS,
        where="proxies",
        why="they are told in which zone they run, for Services that prefer the zone of their clients",
    ),
    UpgradeChange(
        effect=UpgradeEffect.ROLLS,
        where="proxies",
        why="the bootstrap has labels for metrics of routes, and metrics of services that are asked on the way",
    ),
    UpgradeChange(
        effect=UpgradeEffect.DRAINS,
        where="HTTP and HTTPS listeners",
        why="filters more stand in their chains: csrf, quota, extend, each off until a route configures it",
    ),
    UpgradeChange(
        effect=UpgradeEffect.DRAINS,
        where="the listeners of the nodes' proxies",
        why="the client of a request is the pod that has connected, whatever x-forwarded-for says",
    ),
)
"""What has changed since the last of them."""


class UnknownReleaseError(ValueError):
    """No release has this version; the message names those that there are."""


def changes_since(version: str) -> tuple[UpgradeChange, ...]:
    """Return what an upgrade from a release to this build does, the worst first. Raises UnknownReleaseError."""
    versions = [release.version for release in RELEASES]
    if version not in versions:
        raise UnknownReleaseError(f"no release is called {version!r}; allowed are {', '.join(versions)}")
    later = RELEASES[versions.index(version) + 1 :]
    found = [change for release in later for change in release.changes] + list(NEXT)
    return tuple(sorted(dict.fromkeys(found), key=lambda change: list(UpgradeEffect).index(change.effect)))


def change_lines(changes: tuple[UpgradeChange, ...]) -> Iterator[str]:
    """Yield one line for each change; those of what ends connections begin with !."""
    for change in changes:
        sign = "~" if change.effect is UpgradeEffect.RESENDS else "!"
        yield f"{sign} {change.effect} {change.where}: {change.why}"
    absent = [effect for effect in UpgradeEffect if effect not in {change.effect for change in changes}]
    words = {
        UpgradeEffect.ROLLS: "no proxy is replaced",
        UpgradeEffect.DRAINS: "no connection drains",
        UpgradeEffect.RESENDS: "",
    }
    yield from (words[effect] for effect in absent if words[effect])


def changes_json(changes: tuple[UpgradeChange, ...]) -> list[dict[str, str]]:
    """Return the shape of `diff --from VERSION -o json`."""
    return [{"effect": change.effect.value, "where": change.where, "why": change.why} for change in changes]
