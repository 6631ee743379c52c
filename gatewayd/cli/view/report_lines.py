"""A Report of `gatewayd check` as lines for people: each finding, what was passed over, and a line that counts.

In: a Report. Out: lines; those who write them make what is not printable harmless.
"""

from collections.abc import Iterator

from gatewayd.cli.view.columns import counted
from gatewayd.explain.findings import Finding
from gatewayd.explain.folding import waiting_words
from gatewayd.ir.conditions import Severity
from gatewayd.offline.findings import Report


def report_lines(report: Report) -> Iterator[str]:
    """Yield a line for each finding, then what is taken of others, what was passed over, and the counts."""
    for finding in report.findings:
        yield f"{place(finding)}{finding.severity}: {text(finding)} [{finding.reason}]"
    yield from (f"Envoy Gateway: {each}" for each in report.taken)
    if report.others:
        yield f"not read: {', '.join(map(str, report.others))}"
    yield f"{counted(report.objects, 'object')} in {counted(report.files, 'file')}: {counts(report.findings)}"


def place(finding: Finding) -> str:
    """Return `file:line: ` of a finding, as much of it as is known."""
    if not finding.file:
        return ""
    return f"{finding.file}:{finding.line}: " if finding.line else f"{finding.file}: "


def text(finding: Finding) -> str:
    """Return what a finding says, with the object that it is about."""
    message = f"{finding.object}: {finding.message}" if finding.object else finding.message
    waiting = waiting_words(finding)
    return f"{message}; {waiting}" if waiting else message


def counts(findings: tuple[Finding, ...]) -> str:
    """Return how many findings there are of each severity; `all is well` for none."""
    numbers = [(sum(each.severity is severity for each in findings), severity.value) for severity in Severity]
    return ", ".join(counted(number, word) for number, word in numbers) if findings else "all is well"
