"""`gatewayd translate`: manifests in; the statuses they get and the configuration Envoy gets out."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewayd.cli.output import EnvoyGatewayKindsOption, fail, write_json, write_yaml
from gatewayd.run.exit_codes import INVALID, OK

if TYPE_CHECKING:
    from gatewayd.offline.translation import Translation

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    """What to write."""

    YAML = "yaml"
    JSON = "json"


@app.command()
def translate(
    paths: Annotated[list[Path], typer.Argument(help="Folders and files of manifests, or - for standard input.")],
    *,
    xds: Annotated[bool, typer.Option("--xds", help="Only what Envoy gets.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only the statuses.")] = False,
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    output: Annotated[Format, typer.Option("-o", "--output", help="What to write.")] = Format.YAML,
) -> None:
    """Show what manifests lead to: statuses, and xDS resources by Gateway and type.

    Private keys are left out. Exit codes: 0, or 1 when some of the manifests cannot be read.
    """
    from gatewayd.cli.offline import Reading, translation

    translated = translation(paths, Reading(envoy_gateway_kinds=envoy_gateway_kinds))
    both = xds == status
    value: dict[str, Any] = {}
    if both or status:
        value["statuses"] = _statuses(translated)
    if both or xds:
        value["gateways"] = _gateways(translated)
    if output is Format.JSON:
        write_json(value)
    else:
        write_yaml(value)
    for problem in translated.manifests.problems:
        fail(str(problem))
    raise typer.Exit(INVALID if translated.manifests.problems else OK)


def _statuses(translated: "Translation") -> list[dict[str, Any]]:
    return [
        {
            "kind": each.kind,
            **({"namespace": each.key.namespace} if each.key.namespace else {}),
            "name": each.key.name,
            "status": each.status,
        }
        for each in translated.statuses
    ]


def _gateways(translated: "Translation") -> dict[str, Any]:
    from gatewayd.xds.dump import snapshot_json

    return {
        str(fleet): {"version": each.version, "resources": snapshot_json(each)}
        for fleet, each in sorted(translated.reconciler.snapshots.items())
    }
