import pytest

from gatewayd.translator.nginx.fates import Fate, Fidelity


@pytest.mark.parametrize("fidelity", Fidelity)
def test_a_protection_that_is_lost_opens(fidelity: Fidelity) -> None:
    assert Fate(path="a", fidelity=fidelity, message="", protects=True).opens == (fidelity is Fidelity.LOST)
    assert not Fate(path="a", fidelity=fidelity, message="").opens
