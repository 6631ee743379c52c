from xml.etree import ElementTree as ET

from gatewayd.cli.view.report_formats import junit, sarif
from gatewayd.explain.findings import Finding
from gatewayd.ir.conditions import Severity
from gatewayd.offline.findings import Report


def report(*findings: Finding) -> Report:
    return Report(findings=findings, objects=2, files=1, others=())


def finding(severity: Severity, file: str = "a.yaml", message: str = "spec: no") -> Finding:
    return Finding(file=file, line=0, severity=severity, object="Gateway a/b", reason="Invalid", message=message)


def test_sarif_counts_lines_from_1_and_leaves_out_what_has_no_file() -> None:
    (run,) = sarif(report(finding(Severity.ERROR), finding(Severity.WARNING, file="")), "1.2")["runs"]
    one, other = run["results"]
    assert one["locations"][0]["physicalLocation"]["region"]["startLine"] == 1
    assert (other["level"], other["locations"]) == ("warning", [])
    assert run["tool"]["driver"]["version"] == "1.2"


def test_junit_is_xml_whatever_the_text_is() -> None:
    suite = ET.fromstring(junit(report(finding(Severity.ERROR, message="a\x1b<&\x00\ud800"))))  # noqa: S314 (our own)
    (failure,) = suite[0]
    assert failure.get("message") == r"a\x1b<&\x00\ud800"


def test_warnings_do_not_fail_in_junit() -> None:
    suite = ET.fromstring(junit(report(finding(Severity.WARNING))))  # noqa: S314 (our own)
    assert (suite.get("failures"), [each.tag for each in suite[0]]) == ("0", ["system-out"])
