"""`gatewayd check DIR`: what is wrong with manifests, by file and line."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewayd.cli.output import EnvoyOption, Form, FormOption, fail, write, write_command, write_json
from gatewayd.run.exit_codes import CANNOT_START, INVALID, OK, REJECTED

if TYPE_CHECKING:
    from gatewayd.explain.findings import Finding
    from gatewayd.offline.translation import Translation

app = typer.Typer()


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Folders and files of manifests.")],
    *,
    envoy: Annotated[bool, typer.Option("--envoy", help="Load the result into a real Envoy as well.")] = False,
    envoy_path: EnvoyOption = None,
    github: Annotated[bool, typer.Option("--github", help="Write GitHub annotations.")] = False,
    output: FormOption = Form.TEXT,
) -> None:
    """Check manifests as the API server and gatewayd would; --envoy asks Envoy too.

    Exit codes: 0 when all is well (there may be warnings), 1 for errors, 2 when Envoy refuses, 3 when it cannot start.
    """
    from gatewayd.cli.offline import translation
    from gatewayd.cli.view.json_shapes import findings_json
    from gatewayd.ir.conditions import Severity

    translated = translation(paths)
    findings, code = translated.findings, OK
    if any(each.severity is Severity.ERROR for each in findings):
        code = INVALID
    if envoy:
        refused, failure = asyncio.run(_ask_envoy(translated, envoy_path))
        findings = tuple(sorted((*findings, *refused), key=lambda each: each.order))
        code = REJECTED if refused else code
        if failure:
            fail(failure)
            code = CANNOT_START
    if output is Form.JSON:
        write_json(findings_json(findings))
    else:
        _write(findings, github=github)
    raise typer.Exit(code)


async def _ask_envoy(translated: "Translation", envoy_path: Path | None) -> "tuple[tuple[Finding, ...], str]":
    from gatewayd.cli.environment import settings
    from gatewayd.cli.running import envoy_binary
    from gatewayd.offline.envoy_check import NoRehearsalError, rehearse

    try:
        return await rehearse(translated, envoy_binary(envoy_path), settings().runtime), ""
    except NoRehearsalError as error:
        return (), str(error)


def _write(findings: "tuple[Finding, ...]", *, github: bool) -> None:
    for finding in findings:
        text = f"{finding.object}: {finding.message}" if finding.object else finding.message
        if github:
            write_command(str(finding.severity), {"file": finding.file, "line": finding.line}, text)
        else:
            place = f"{finding.file}:{finding.line}: " if finding.file else ""
            write(f"{place}{finding.severity}: {text}")
    errors = sum(each.severity == "error" for each in findings)
    if not github:
        write(f"{errors} errors, {len(findings) - errors} warnings" if findings else "all is well")
