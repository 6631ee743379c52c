from gatewayd.ir.processing import DEFAULT_PROCESSING_MS, ShownBody


def test_an_answer_takes_less_than_a_client_notices_unless_somebody_says() -> None:
    assert 0 < DEFAULT_PROCESSING_MS <= 1000
    assert len(ShownBody) == 3
