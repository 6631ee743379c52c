from gatewayd.cli.view.report_lines import counts, place, report_lines, text
from gatewayd.explain.findings import Finding
from gatewayd.explain.unread_objects import Others
from gatewayd.ir.conditions import Severity
from gatewayd.offline.findings import Report

ERROR = Finding(
    file="a.yaml",
    line=3,
    severity=Severity.ERROR,
    object="Gateway a/b",
    reason="Invalid",
    message="spec: no",
    followers=("x",),
)
WARNING = Finding(file="", line=0, severity=Severity.WARNING, object="", reason="Odd", message="hm")


def test_a_report_is_lines_that_end_in_counts() -> None:
    report = Report(findings=(ERROR, WARNING), objects=23, files=7, others=(Others("Pod", 2), Others("Job", 1)))
    assert list(report_lines(report)) == [
        "a.yaml:3: error: Gateway a/b: spec: no; and 1 object waits for it: x [Invalid]",
        "warning: hm [Odd]",
        "not read: 2 Pods, 1 Job",
        "23 objects in 7 files: 1 error, 1 warning",
    ]


def test_parts() -> None:
    assert place(WARNING) == ""
    assert text(WARNING) == "hm"
    assert counts(()) == "all is well"
    assert counts((WARNING, WARNING)) == "0 errors, 2 warnings"
