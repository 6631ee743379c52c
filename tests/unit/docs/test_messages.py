"""docs/messages is what docs/messages.py makes of the table, and every code that can be printed has a page."""

import re
import runpy

from gatewayd.explain.message_codes import CODES
from gatewayd.ir.conditions import CONDITIONS
from tests.unit.docs.test_links import ROOT

FOLDER = ROOT / "docs" / "messages"
GOOD = {"NoConflicts", "ConfigurationChanged", *CONDITIONS}
"""Reasons of conditions that are nobody's mistake."""
OF_PROXIES = {"Pending", "NoResources", "AddressNotAssigned", "AddressNotUsable", "RefusedByProxy"}
"""Reasons of what proxies fulfil, which a check without a proxy does not tell."""


def reasons(path: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, (ROOT / path).read_text(encoding="utf-8")))


def test_the_pages_are_what_the_table_says() -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "messages.py"))["pages"]()
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert written == pages, "stale: run `python docs/messages.py`"


def test_every_reason_of_a_condition_has_a_page() -> None:
    of_conditions = reasons("gatewayd/translator/verdicts.py", r'"([A-Z][A-Za-z]+)"')
    assert of_conditions - GOOD - OF_PROXIES - CODES.keys() == set()


def test_every_reason_of_a_finding_has_a_page() -> None:
    sources = [*(ROOT / "gatewayd" / "explain").glob("*findings.py"), *(ROOT / "gatewayd" / "manifests").glob("*.py")]
    sources += [ROOT / "gatewayd" / "explain" / "unread_objects.py"]
    given = {
        reason
        for path in sources
        for pattern in (
            r'Severity\.[A-Z]+, "(\w+)"',
            r'reason="(\w+)"',
            r'\), "(\w+)", ',
            r'^    [A-Z_]+ = "([A-Z]\w+)"',
        )
        for reason in re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {"NeverReached", "UnknownField", "DefinedTwice", "PolicyNotRead", "ParentNotFound"} <= given
    assert given - CODES.keys() == set()
