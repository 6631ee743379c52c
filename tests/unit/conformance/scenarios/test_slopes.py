import pytest

from conformance.scenarios.slopes import after_warm_up, growth, slope


def test_a_line_has_its_slope_and_noise_around_it_has_none() -> None:
    assert slope([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
    assert slope([(0, 1), (1, 3), (2, 1)]) == pytest.approx(0)


def test_what_cannot_have_a_slope_has_none() -> None:
    assert slope([]) == slope([(1, 5)]) == slope([(1, 5), (1, 7)]) == growth([]) == 0


def test_a_step_in_the_warm_up_is_no_growth() -> None:
    samples = [(float(at), 10.0 if at < 30 else 50.0) for at in range(100)]
    assert growth(after_warm_up(samples, 0.4)) == pytest.approx(0)
    assert growth(samples) > 20


def test_growth_is_what_the_line_rises_by() -> None:
    assert growth([(0, 0), (50, 5), (100, 10)]) == pytest.approx(10)
