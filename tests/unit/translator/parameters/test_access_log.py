import pytest

from gatewayd.ir.access_log import EVERYTHING, FIELDS, USUAL_FIELDS, Logged
from gatewayd.ir.infrastructure import DEFAULT_PARAMETERS, Parameters
from gatewayd.translator.parameters.keys import read_parameters


def read(text: str) -> Parameters:
    found = read_parameters({"accessLog": text}, DEFAULT_PARAMETERS)
    assert isinstance(found, Parameters), found
    return found


def problem(text: str) -> str:
    found = read_parameters({"accessLog": text}, DEFAULT_PARAMETERS)
    assert not isinstance(found, Parameters)
    (only,) = found
    return only


def test_everything_is_written_down_unless_somebody_chooses() -> None:
    assert DEFAULT_PARAMETERS.logged == EVERYTHING
    assert read("on").logged == read("{}").logged == EVERYTHING


def test_it_can_be_off() -> None:
    assert read("off").logged is None


def test_what_is_chosen() -> None:
    text = "fields: [usual, query, status]\nminStatus: 500\nminDuration: 1m500ms\n"
    assert read(text).logged == Logged(fields=(*USUAL_FIELDS, "query"), least_status=500, least_milliseconds=60_500)
    assert read("fields: [status, time]").logged == Logged(
        fields=("status", "time"), least_status=0, least_milliseconds=0
    )


def test_no_user_data_is_in_a_line_that_nobody_has_chosen() -> None:
    assert not {"query", "user_agent", "referer"} & set(USUAL_FIELDS)
    assert len(set(FIELDS)) == len(FIELDS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("maybe", "on, off, or a map of fields, minStatus, minDuration is allowed"),
        ("[usual]", "on, off, or a map"),
        ("", "on, off, or a map"),
        ("to: file", "on, off, or a map"),
        ("fields: []", "fields: not understood; a list of usual and names is allowed"),
        ("fields: usual", "fields: not understood"),
        ("fields: [cookie]", 'fields: "cookie" is not known; allowed: usual, time, '),
        ("fields: [1]", "fields: what is no string is not known"),
        ("minStatus: 99", "minStatus: not a whole number from 100 to 599"),
        ("minStatus: true", "minStatus: not a whole number"),
        ("minStatus: '500'", "minStatus: not a whole number"),
        ("minDuration: 5", "minDuration: no duration; allowed are such as 500ms"),
        ("minDuration: 1d", "minDuration: no duration"),
        ("minDuration: 123456ms", "minDuration: no duration"),
        ("{", "not YAML"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    assert problem(text).startswith("data.accessLog: ")
    assert says in problem(text)
