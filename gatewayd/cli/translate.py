"""`gatewayd translate`: manifests in; the statuses they get and the configuration Envoy gets out."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewayd.cli.output import EnvoyGatewayKindsOption, end, fail, write_json, write_yaml
from gatewayd.run.exit_codes import INVALID, OK

if TYPE_CHECKING:
    from gatewayd.introspection.published import ResourceChoice
    from gatewayd.offline.translation import Translation

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    """What to write."""

    YAML = "yaml"
    JSON = "json"


@app.command()
def translate(  # noqa: PLR0913 (each is an option)
    paths: Annotated[list[Path], typer.Argument(help="Folders and files of manifests, or - for standard input.")],
    *,
    xds: Annotated[bool, typer.Option("--xds", help="Only what Envoy gets.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only the statuses.")] = False,
    envoy_gateway_kinds: EnvoyGatewayKindsOption = False,
    gateway: Annotated[str, typer.Option("--gateway", help="Only resources of NAMESPACE/NAME.")] = "",
    kind: Annotated[str, typer.Option("--type", help="Only resources of CDS, EDS, SDS, ECDS, RDS, SRDS or LDS.")] = "",
    name: Annotated[str, typer.Option("--name", help="Only resources with this in their names.")] = "",
    output: Annotated[Format, typer.Option("-o", "--output", help="What to write.")] = Format.YAML,
) -> None:
    """Show what manifests lead to: statuses, and xDS resources by Gateway and type.

    Private keys are left out. Exit codes: 0, or 1 when some of the manifests cannot be read.
    """
    from gatewayd.cli.offline import Reading, translation
    from gatewayd.introspection.published import ResourceChoice
    from gatewayd.xds.resource import XDS_TYPES

    known = [row.short for row in XDS_TYPES]
    if kind and kind.upper() not in known:
        raise end(f"--type {kind}: there is no such type; allowed: {', '.join(known)}", INVALID)
    choice = ResourceChoice(gateway=gateway, type=kind, name=name)
    translated = translation(paths, Reading(envoy_gateway_kinds=envoy_gateway_kinds))
    # Whoever looks for some resources has no use for statuses.
    xds = xds or choice != ResourceChoice()
    both = xds == status
    value: dict[str, Any] = {}
    if both or status:
        value["statuses"] = _statuses(translated)
    if both or xds:
        value["gateways"] = _gateways(translated, choice)
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


def _gateways(translated: "Translation", choice: "ResourceChoice") -> dict[str, Any]:
    from gatewayd.introspection.published import chosen
    from gatewayd.xds.dump import resource_json

    snapshots = translated.reconciler.snapshots
    gateways: dict[str, Any] = {
        str(fleet): {"version": snapshot.version, "resources": {}}
        for fleet, snapshot in sorted(snapshots.items())
        if choice.admits(fleet)
    }
    for fleet, short, resource in chosen(snapshots, choice):
        gateways[str(fleet)]["resources"].setdefault(short, {})[resource.name] = resource_json(resource)
    return gateways
