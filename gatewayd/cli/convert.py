"""`gatewayd convert`: what was written for other controllers, as Gateway API objects, with a report of each field."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatewayd.cli.output import Form, FormOption, end, fail, tell, write_documents
from gatewayd.run.exit_codes import CANNOT_START, INVALID, OK

if TYPE_CHECKING:
    from gatewayd.convert.conversion import Conversion
    from gatewayd.convert.draft import GatewayTarget
    from gatewayd.convert.verification import Verification
    from gatewayd.manifests.documents import Parsed

app = typer.Typer(add_completion=False)

_Open = Annotated[
    bool, typer.Option("--allow-unprotected", help="Open paths whose protection is lost, which answer 403 else.")
]
_Verify = Annotated[
    bool, typer.Option("--verify", help="Compare what they did with requests with what the objects do.")
]
_Live = Annotated[
    tuple[str, str] | None, typer.Option("--live", metavar="OLD NEW", help="Send the same requests to both.")
]
_Report = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Where the report goes. Default: standard error.")
]


@app.command()
def convert(  # noqa: PLR0913 (each is an option)
    paths: Annotated[list[Path], typer.Argument(help="Folders and files, or - for standard input.")],
    *,
    gateway: Annotated[
        str, typer.Option("--gateway", metavar="NAMESPACE/NAME", help="The Gateway that serves it.")
    ] = "gateway/edge",
    class_name: Annotated[str, typer.Option("--gateway-class", metavar="NAME", help="Its class.")] = "gatewayd",
    http_port: Annotated[int, typer.Option("--http-port", help="Its port for HTTP.")] = 80,
    https_port: Annotated[int, typer.Option("--https-port", help="Its port for HTTPS.")] = 443,
    allow_unprotected: _Open = False,
    verify: _Verify = False,
    live: _Live = None,
    report: _Report = None,
    output: FormOption = Form.TEXT,
) -> None:
    """Convert what others serve to Gateway API objects, and report on each field.

    The objects go to standard output, the report to standard error. Exit codes: 0, or 1 when something is lost or
    cannot be read.

    Examples: gatewayd convert ./ingresses > gateway.yaml; kubectl get ingress,service -A -o yaml | gatewayd convert -
    """
    from gatewayd.convert.conversion import conversion

    target = _target(gateway, class_name, http_port, https_port)
    parsed = _read(paths)
    converted = conversion(parsed.documents, target, open_all=allow_unprotected)
    write_documents(converted.objects)
    for problem in parsed.problems:
        fail(str(problem))
    _tell(converted, report, output)
    differs = any([verify and _differs(parsed, converted), live is not None and _differs_live(parsed, live)])
    raise typer.Exit(INVALID if converted.is_lossy or parsed.problems or differs else OK)


def _target(gateway: str, class_name: str, http_port: int, https_port: int) -> "GatewayTarget":
    from gatewayd.convert.draft import GatewayTarget

    namespace, slash, name = gateway.partition("/")
    if not (slash and namespace and name):
        raise end(f"--gateway {gateway}: allowed is NAMESPACE/NAME", INVALID)
    return GatewayTarget(
        namespace=namespace, name=name, class_name=class_name, http_port=http_port, https_port=https_port
    )


def _read(paths: Sequence[Path]) -> "Parsed":
    from gatewayd.cli.offline import STDIN
    from gatewayd.manifests.documents import parse_file
    from gatewayd.manifests.read_once import STDIN_NAME, NoManifestsError, read_documents, read_limited

    if list(paths) == [STDIN]:
        return parse_file(STDIN_NAME, read_limited(sys.stdin.buffer))
    try:
        return read_documents(paths)
    except NoManifestsError as error:
        raise end(str(error), INVALID) from error


def _tell(converted: "Conversion", report: Path | None, output: Form) -> None:
    """Write the report: to standard error what is not exact, to a file all of it."""
    from gatewayd.cli.view.conversion_lines import conversion_json, conversion_lines
    from gatewayd.untrusted.printable import printable, printable_json

    if output is Form.JSON:
        lines = tuple(printable_json(conversion_json(converted), 2).splitlines())
    else:
        lines = tuple(map(printable, conversion_lines(converted, whole=report is not None)))
    if report is None:
        for line in lines:
            tell(line)
        return
    try:
        report.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise end(f"--report {report}: {(error.strerror or str(error)).lower()}", CANNOT_START) from error


def _differs(parsed: "Parsed", converted: "Conversion") -> bool:
    """Ask the objects and a model of the Ingresses the same, tell what differs, and return whether anything does."""
    from gatewayd.cli.verification import verified

    return _told(verified(parsed.documents, converted.objects))


def _differs_live(parsed: "Parsed", addresses: tuple[str, str]) -> bool:
    """Ask two addresses the same, tell what differs, and return whether anything does."""
    from gatewayd.cli.verification import asked_live

    return _told(asked_live(parsed.documents, *addresses))


def _told(result: "Verification") -> bool:
    from gatewayd.cli.view.conversion_lines import verification_lines

    for line in verification_lines(result):
        tell(line)
    return bool(result.differences)
