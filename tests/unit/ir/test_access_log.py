from gatewayd.ir.access_log import EVERYTHING, FIELDS, OTHER_FIELDS, USUAL_FIELDS


def test_a_field_has_one_name() -> None:
    assert len(set(FIELDS)) == len(FIELDS) == len(USUAL_FIELDS) + len(OTHER_FIELDS)


def test_everything_is_everything() -> None:
    assert (EVERYTHING.least_status, EVERYTHING.least_milliseconds) == (0, 0)
