"""`gatewayd diff OLD NEW`: what would change in Envoy, and whose connections would end; `--from`: by an upgrade."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Never

import typer

from gatewayd.cli.output import EnvoyGatewayKindsOption, Form, FormOption, end, fail, write, write_json
from gatewayd.run.exit_codes import CANNOT_START, INVALID, OK

if TYPE_CHECKING:
    from gatewayd.cli.offline import Reading
    from gatewayd.diff.compare import Difference
    from gatewayd.offline.translation import Translation

app = typer.Typer(add_completion=False)


class FailingChange(StrEnum):
    """What of a difference makes the command end with 1."""

    NOTHING = "nothing"
    CHANGE = "change"
    DRAIN = "drain"


@app.command()
def diff(  # noqa: PLR0913 (each is an option)
    old: Annotated[str, typer.Argument(help="Folder or file as it is, or a revision of git such as HEAD~1.")] = "",
    new: Annotated[Path, typer.Argument(help="Folder or file as it would be.")] = Path("gateway"),
    *,
    release: Annotated[
        str | None, typer.Option("--from", metavar="VERSION", help="Show what an upgrade from a release does instead.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Compare what runs with OLD, a folder that it would be.")
    ] = False,
    socket: Annotated[Path | None, typer.Option("--socket", help="The run of --live. Default: the youngest.")] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 1 if anything changes.")] = False,
    fail_on: Annotated[FailingChange, typer.Option("--fail-on", help="End with 1 on this.")] = FailingChange.NOTHING,
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    full: Annotated[bool, typer.Option("--full", help="Write long values in full.")] = False,
    output: FormOption = Form.TEXT,
) -> None:
    """Show what would change in Envoy and in statuses, and which connections would drain.

    Exit codes: 0, or 1 when some of the manifests cannot be read, no release has the version, or on what --fail-on
    names.

    Examples: gatewayd diff ./before ./after; gatewayd diff HEAD~1 ./gateway --fail-on drain;
    gatewayd diff ./gateway --live
    """
    if release is not None and not old:
        _upgrade(release, output)
    if release is not None or not old:
        raise end("give OLD, a folder, a file or a revision of git, or --from VERSION alone", INVALID)
    from gatewayd.cli.offline import Reading

    reading = Reading(envoy_gateway_kinds=envoy_gateway_kinds)
    differences, problems = _from_run(Path(old), reading, socket) if live else _between(old, new, reading)
    _show(differences, output, full=full)
    for problem in problems:
        fail(problem)
    failing = _fails(differences, FailingChange.CHANGE if exit_code else fail_on)
    raise typer.Exit(INVALID if problems or failing else OK)


def _show(differences: "Difference", output: Form, *, full: bool) -> None:
    from gatewayd.diff.words import difference_json, difference_lines

    if output is Form.JSON:
        write_json(difference_json(differences))
        return
    for line in difference_lines(differences, whole=full):
        write(line)


def _between(old: str, new: Path, reading: "Reading") -> "tuple[Difference, list[str]]":
    from gatewayd.cli.offline import translation
    from gatewayd.diff.compare import difference

    before, after = _before(old, new, reading), translation([new], reading)
    return difference(before, after), list(map(str, (*before.manifests.problems, *after.manifests.problems)))


def _from_run(folder: Path, reading: "Reading", socket: Path | None) -> "tuple[Difference, list[str]]":
    """Compare what a run publishes with what a folder would lead to there; statuses are not compared."""
    from gatewayd.cli.offline import translation
    from gatewayd.cli.run_socket import run_socket
    from gatewayd.diff.compare import Difference, gateway_changes
    from gatewayd.introspection.client import NobodyError, fetch_config
    from gatewayd.introspection.published import ResourceChoice, snapshots_of

    run = run_socket(socket, "no `gatewayd up` of this user is running; --socket names a run")
    try:
        before = snapshots_of(fetch_config(run, ResourceChoice()))
    except (NobodyError, ValueError) as error:
        raise end(str(error), CANNOT_START) from error
    after = translation([folder], reading)
    changes = tuple(each for each in gateway_changes(before, after.reconciler.snapshots) if each.resources)
    return Difference(gateways=changes, statuses=()), list(map(str, after.manifests.problems))


def _before(old: str, new: Path, reading: "Reading") -> "Translation":
    """Read what there was: a path, or a revision of the repository that has the new manifests."""
    from gatewayd.cli.git_revision import NoRevisionError, files_at
    from gatewayd.cli.offline import translated_texts, translation

    if Path(old).exists():
        return translation([Path(old)], reading)
    try:
        return translated_texts(files_at(old, new), reading)
    except NoRevisionError as error:
        raise end(f"{old}: there is no such file or folder, and no such revision of git: {error}", INVALID) from error


def _fails(differences: "Difference", least: FailingChange) -> bool:
    """Return whether a difference has what the command shall end with 1 for."""
    drains = any(gateway.drains for gateway in differences.gateways)
    changes = bool(differences.gateways or differences.statuses)
    return {FailingChange.NOTHING: False, FailingChange.CHANGE: changes, FailingChange.DRAIN: drains}[least]


def _upgrade(release: str, output: Form) -> Never:
    from gatewayd.diff.releases import UnknownReleaseError, change_lines, changes_json, changes_since
    from gatewayd.telemetry.version import installed_version

    try:
        changes = changes_since(release)
    except UnknownReleaseError as error:
        raise end(f"--from: {error}", INVALID) from error
    if output is Form.JSON:
        write_json({"from": release, "to": installed_version(), "changes": changes_json(changes)})
    else:
        write(f"from {release} to this build, {installed_version()}; the way back does the same:")
        for line in change_lines(changes):
            write(line)
    raise typer.Exit(OK)
