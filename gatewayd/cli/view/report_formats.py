"""A Report of `gatewayd check` for those who gather reports: as SARIF for code scanning, as JUnit for CI servers.

In: a Report. Out: a JSON-able value, or XML. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html,
https://github.com/testmoapp/junitxml
"""

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from gatewayd.cli.view.report_lines import place, text
from gatewayd.explain.findings import Finding
from gatewayd.explain.message_codes import CODES
from gatewayd.ir.conditions import Severity
from gatewayd.offline.findings import Report
from gatewayd.untrusted.printable import printable

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_PAGES: Final = "docs/messages"


def sarif(report: Report, version: str) -> dict[str, Any]:
    """Return the report as a SARIF log with one run."""
    codes = sorted({finding.reason for finding in report.findings})
    rules = [
        {"id": code, "shortDescription": {"text": CODES[code].summary}, "help": {"text": f"{_PAGES}/{code}.md"}}
        for code in codes
        if code in CODES
    ]
    driver = {"name": "gatewayd", "version": version, "rules": rules}
    results = [_result(finding) for finding in report.findings]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _result(finding: Finding) -> dict[str, Any]:
    location = {
        "physicalLocation": {
            "artifactLocation": {"uri": finding.file},
            "region": {"startLine": max(1, finding.line)},
        }
    }
    return {
        "ruleId": finding.reason,
        "level": finding.severity.value,
        "message": {"text": text(finding)},
        "locations": [location] if finding.file else [],
    }


def junit(report: Report) -> str:
    """Return the report as JUnit's XML: a test case for each finding, errors have failed; one that passes for none."""
    failures = sum(finding.severity is Severity.ERROR for finding in report.findings)
    tests = max(1, len(report.findings))
    suite = Element("testsuite", name="gatewayd check", tests=str(tests), failures=str(failures), errors="0")
    for finding in report.findings:
        case = SubElement(
            suite, "testcase", classname=_xml(finding.file), name=_xml(f"{finding.reason} {finding.object}")
        )
        line = _xml(f"{place(finding)}{text(finding)}")
        if finding.severity is Severity.ERROR:
            SubElement(case, "failure", type=finding.reason, message=_xml(finding.message)).text = line
        else:
            SubElement(case, "system-out").text = f"{finding.severity}: {line}"
    if not report.findings:
        SubElement(suite, "testcase", classname="gatewayd", name=f"{report.objects} objects in {report.files} files")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(suite, encoding="unicode")}'


def _xml(text: str) -> str:
    """Return a text without the characters that XML cannot hold."""
    return printable(text).strip()
