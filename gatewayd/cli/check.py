"""`gatewayd check DIR`: what is wrong with manifests, by file and line."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewayd.cli.output import (
    EnvoyGatewayKindsOption,
    EnvoyOption,
    end,
    fail,
    write,
    write_command,
    write_json,
    write_lines,
)
from gatewayd.run.exit_codes import CANNOT_START, INVALID, OK, REJECTED

if TYPE_CHECKING:
    from gatewayd.cli.offline import Reading
    from gatewayd.explain.findings import Finding
    from gatewayd.offline.findings import Report
    from gatewayd.offline.translation import Translation

app = typer.Typer(add_completion=False)


class ReportForm(StrEnum):
    """What to write: for people, for programs, for code scanning, or for CI servers."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"


class LeastSeverity(StrEnum):
    """The least severity that makes a check fail."""

    ERROR = "error"
    WARNING = "warning"


_Strict = Annotated[bool, typer.Option("--strict", help="Warnings fail too: --fail-on warning.")]
_Least = Annotated[LeastSeverity, typer.Option("--fail-on", help="The least severity that fails.")]
_Exclude = Annotated[
    list[str], typer.Option("--exclude", metavar="PATTERN", help="Leave out paths such as 'charts/*' or '*.tpl.yaml'.")
]
_Kustomize = Annotated[
    Path | None, typer.Option("-k", "--kustomize", metavar="DIR", help="Build DIR with kustomize or kubectl first.")
]
_NewerCRDs = Annotated[bool, typer.Option("--newer-crds", help="Fields of newer CRDs than are known are warnings.")]
_Form = Annotated[ReportForm, typer.Option("-o", "--output", help="What to write: text, json, sarif or junit.")]


@app.command()
def check(  # noqa: PLR0913 (each is an option)
    paths: Annotated[list[Path] | None, typer.Argument(help="Folders and files, or - for standard input.")] = None,
    *,
    strict: _Strict = False,
    fail_on: _Least = LeastSeverity.ERROR,
    exclude: _Exclude = [],  # noqa: B006 (typer)
    kustomize: _Kustomize = None,
    newer_crds: _NewerCRDs = False,
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    envoy: Annotated[bool, typer.Option("--envoy", help="Load the result into a real Envoy as well.")] = False,
    envoy_path: EnvoyOption = None,
    github: Annotated[bool, typer.Option("--github", help="Write GitHub annotations.")] = False,
    output: _Form = ReportForm.TEXT,
) -> None:
    """Check manifests as the API server and gatewayd would; --envoy asks Envoy too.

    Exit codes: 0 when all is well (there may be warnings), 1 for errors (or warnings with --strict), 2 when Envoy
    refuses, 3 when it cannot start.

    Examples: gatewayd check ./gateway --strict; gatewayd check -k overlays/prod; helm template web | gatewayd check -
    """
    from gatewayd.cli.offline import Reading

    reading = Reading(exclude=tuple(exclude), newer_crds=newer_crds, envoy_gateway_kinds=envoy_gateway_kinds)
    translated = _read(paths or (), kustomize, reading)
    report = translated.report
    code = INVALID if _fails(report, LeastSeverity.WARNING if strict else fail_on) else OK
    if envoy:
        refused, failure = asyncio.run(_ask_envoy(translated, envoy_path))
        report = replace(report, findings=tuple(sorted((*report.findings, *refused), key=lambda each: each.order)))
        code = REJECTED if refused else code
        if failure:
            fail(failure)
            code = CANNOT_START
    _write(report, output, github=github)
    raise typer.Exit(code)


def _read(paths: Sequence[Path], kustomization: Path | None, reading: "Reading") -> "Translation":
    from gatewayd.cli.offline import kustomized, translation

    if kustomization is not None:
        return kustomized(kustomization, reading)
    if not paths:
        raise end("nothing to check; name folders or files, - for standard input, or a folder with -k", INVALID)
    return translation(paths, reading)


def _fails(report: "Report", least: LeastSeverity) -> bool:
    """Return whether a report has a finding that is bad enough."""
    failing = set(LeastSeverity) if least is LeastSeverity.WARNING else {LeastSeverity.ERROR}
    return any(finding.severity.value in failing for finding in report.findings)


async def _ask_envoy(translated: "Translation", envoy_path: Path | None) -> "tuple[tuple[Finding, ...], str]":
    from gatewayd.cli.environment import settings
    from gatewayd.cli.running import envoy_binary
    from gatewayd.offline.envoy_check import NoRehearsalError, rehearse

    try:
        return await rehearse(translated, envoy_binary(envoy_path), settings().runtime), ""
    except NoRehearsalError as error:
        return (), str(error)


def _write(report: "Report", output: ReportForm, *, github: bool) -> None:
    from gatewayd.cli.view import report_formats
    from gatewayd.cli.view.json_shapes import report_json
    from gatewayd.cli.view.report_lines import report_lines
    from gatewayd.telemetry.version import installed_version

    match output:
        case ReportForm.JSON:
            write_json(report_json(report))
        case ReportForm.SARIF:
            write_json(report_formats.sarif(report, installed_version()))
        case ReportForm.JUNIT:
            write_lines(report_formats.junit(report))
        case ReportForm.TEXT if github:
            _annotate(report)
        case ReportForm.TEXT:
            for line in report_lines(report):
                write(line)


def _annotate(report: "Report") -> None:
    """Write a workflow command of GitHub for each finding."""
    from gatewayd.cli.view.report_lines import text

    for finding in report.findings:
        place = {"file": finding.file, "line": max(1, finding.line)} if finding.file else {}
        write_command(finding.severity.value, {**place, "title": f"gatewayd {finding.reason}"}, text(finding))
