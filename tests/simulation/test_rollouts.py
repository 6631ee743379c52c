"""Upgrades and downgrades of gatewayd in the simulation: what is said of Gateways, and when their proxies roll."""

from collections.abc import Callable

import pytest

from gatewayd.ads.protocol.taken import TakenPolicies
from gatewayd.kube import fleet_reports
from gatewayd.kube.lingering_acks import LingeringAcks
from gatewayd.kube.rollouts import Rollouts
from tests.simulation.rollouts import rolled

SEEDS = range(2)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rollout_there_and_back(seed: int) -> None:
    run = rolled(seed)
    assert not run.wrong, "\n".join([f"seed {seed}", *run.wrong, *run.trace])


def _nobody_vouches(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(fleet_reports, "vouched", lambda _share: None)


def _nothing_lingers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LingeringAcks, "of", lambda _acks, _fleet: iter(()))


def _newcomers_count(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(TakenPolicies, "is_whole", property(lambda _taken: True))


def _all_roll_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Rollouts, "is_settled", lambda _rollouts, _gateway: True)


@pytest.mark.parametrize(
    ("sabotage", "seen"),
    [
        (_nobody_vouches, "is not programmed"),
        (_nothing_lingers, "is not programmed"),
        (_newcomers_count, "policies p: g"),
        (_all_roll_at_once, "rolled at once"),
    ],
)
def test_what_a_rollout_needs_is_missed(
    sabotage: Callable[[pytest.MonkeyPatch], None], seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seed 0 once failed for each of these: the regressions of this plan."""
    sabotage(monkeypatch)
    assert seen in "\n".join(rolled(0).wrong)
