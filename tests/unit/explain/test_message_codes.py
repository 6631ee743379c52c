import re

from gatewayd.explain.message_codes import CODES


def test_codes_are_single_words_and_say_everything() -> None:
    for name, code in CODES.items():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name)
        assert not code.summary.endswith(".")
        assert code.means.endswith(".")
        assert code.mend.endswith(".")
