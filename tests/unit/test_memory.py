import gc

from gatewayd.memory import YOUNG, tune_collector


def test_the_collector_runs_seldom_and_still_runs() -> None:
    before = gc.get_threshold()
    try:
        tune_collector()
        assert gc.get_threshold() == (YOUNG, 20, 100)
        assert gc.isenabled()
    finally:
        gc.set_threshold(*before)
