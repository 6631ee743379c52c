"""`gatewayd diff OLD NEW`: what would change in Envoy, and whose connections would end; `--from`: by an upgrade."""

from pathlib import Path
from typing import Annotated, Never

import typer

from gatewayd.cli.output import Form, FormOption, end, fail, write, write_json
from gatewayd.run.exit_codes import INVALID, OK

app = typer.Typer()


@app.command()
def diff(
    old: Annotated[Path | None, typer.Argument(help="Folder or file as it is.")] = None,
    new: Annotated[Path | None, typer.Argument(help="Folder or file as it would be.")] = None,
    *,
    release: Annotated[
        str | None, typer.Option("--from", metavar="VERSION", help="Show what an upgrade from a release does instead.")
    ] = None,
    output: FormOption = Form.TEXT,
) -> None:
    """Show what would change in Envoy and in statuses, and which connections would drain.

    Exit codes: 0, or 1 when some of the manifests cannot be read, or no release has the version.
    """
    if release is not None and old is None:
        _upgrade(release, output)
    if release is not None or old is None or new is None:
        raise end("give two folders or files, OLD and NEW, or --from VERSION alone", INVALID)
    _manifests(old, new, output)


def _manifests(old: Path, new: Path, output: Form) -> Never:
    from gatewayd.cli.offline import translation
    from gatewayd.diff.compare import difference
    from gatewayd.diff.words import difference_json, difference_lines

    before, after = translation([old]), translation([new])
    found = difference(before, after)
    if output is Form.JSON:
        write_json(difference_json(found))
    else:
        for line in difference_lines(found):
            write(line)
    problems = (*before.manifests.problems, *after.manifests.problems)
    for problem in problems:
        fail(str(problem))
    raise typer.Exit(INVALID if problems else OK)


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
