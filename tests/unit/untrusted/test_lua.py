import pytest

from gatewayd.api.luasection import LONGEST_SCRIPT
from gatewayd.untrusted.lua import no_script

IN_A_FUNCTION = "function envoy_on_request(h) {} end"


def test_the_line_is_said_and_little_of_what_stands_there() -> None:
    assert str(no_script(IN_A_FUNCTION.replace("{}", f"\n\nx = y {'z' * 100}"))) == (
        "line 3: end where a call or an assignment is needed"
    )
    assert str(no_script(f"{'z' * 100} = {'y' * 3} )")) == "line 1: ) where a name is needed"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x = 1", "defines none of envoy_on_request, envoy_on_response"),
        ("-- " + "x" * LONGEST_SCRIPT, f"has {LONGEST_SCRIPT + 3} characters; at most {LONGEST_SCRIPT} are allowed"),
        ("x = 1 end", "line 1: end where end of the text is needed"),
    ],
)
def test_texts_as_a_whole(text: str, why: str) -> None:
    assert str(no_script(text)) == why


def test_the_longest_text_is_read_in_no_time() -> None:
    body = ("x = {" + "{1}," * 20 + "} ") * 90
    assert no_script(IN_A_FUNCTION.replace("{}", body)) is None
