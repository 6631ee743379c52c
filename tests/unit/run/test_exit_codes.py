from pathlib import Path

from gatewayd.run import exit_codes

ROOT = Path(__file__).parents[3]


def test_they_are_what_the_page_says() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert (
        f"Exit codes: {exit_codes.OK} all is well; {exit_codes.INVALID} the input is invalid; "
        f"{exit_codes.REJECTED} Envoy rejected it; {exit_codes.CANNOT_START} it could not start, "
        "or what it had to say could"
    ) in page
