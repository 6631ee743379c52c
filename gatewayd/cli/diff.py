"""`gatewayd diff OLD NEW`: what would change in Envoy, and whose connections would end."""

from pathlib import Path
from typing import Annotated

import typer

from gatewayd.cli.output import Form, FormOption, fail, write, write_json
from gatewayd.run.exit_codes import INVALID, OK

app = typer.Typer()


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="Folder or file as it is.")],
    new: Annotated[Path, typer.Argument(help="Folder or file as it would be.")],
    *,
    output: FormOption = Form.TEXT,
) -> None:
    """Show what would change in Envoy and in statuses, and which connections would drain.

    Exit codes: 0, or 1 when some of the manifests cannot be read.
    """
    from gatewayd.cli.offline import translation
    from gatewayd.diff.compare import difference
    from gatewayd.diff.words import difference_json, difference_lines

    before, after = translation([old]), translation([new])
    differences = difference(before, after)
    if output is Form.JSON:
        write_json(difference_json(differences))
    else:
        for line in difference_lines(differences):
            write(line)
    problems = (*before.manifests.problems, *after.manifests.problems)
    for problem in problems:
        fail(str(problem))
    raise typer.Exit(INVALID if problems else OK)
