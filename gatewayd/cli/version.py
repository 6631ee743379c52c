"""`gatewayd version`: what of gatewayd, Envoy and the CRDs is of which version."""

import platform
import subprocess
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewayd.cli.asked_run import AskedFor, asked_run, asking, status_of_all
from gatewayd.cli.output import Form, FormOption, write, write_json
from gatewayd.telemetry.version import installed_version

if TYPE_CHECKING:
    from gatewayd.introspection.status import Status

app = typer.Typer(add_completion=False)


@app.command()
@asking
def version(
    *,
    client: Annotated[bool, typer.Option("--client", help="Ask no running gatewayd.")] = False,
    asked_for: AskedFor,
    output: FormOption = Form.TEXT,
) -> None:
    """Show the versions of gatewayd, Envoy, the CRDs that are known, and a running gatewayd."""
    versions: dict[str, Any] = {
        "gatewayd": installed_version(),
        "python": platform.python_version(),
        "envoy": _envoy(),
        "gatewayAPI": _known_versions(),
        "run": None if client else _run(asked_for),
    }
    if output is Form.JSON:
        write_json(versions)
        return
    write(f"gatewayd     {versions['gatewayd']} (Python {versions['python']})")
    write(f"Envoy        {versions['envoy'] or 'none found; --envoy-path or GATEWAYD_ENVOY names one'}")
    write(f"Gateway API  {', '.join(versions['gatewayAPI'])}")
    run = versions["run"]
    if run is not None:
        proxies = ", ".join(run["proxies"]) or "no proxy"
        write(f"run          {run['gatewayd']} of {run['folder']}, with {proxies}")


def _envoy() -> str | None:
    """Return the version of the Envoy that `up` would run, None where there is none."""
    from gatewayd.cli.environment import settings
    from gatewayd.supervisor.envoy_binary import NoEnvoy, find_envoy

    binary = find_envoy(settings().envoy)
    if isinstance(binary, NoEnvoy):
        return None
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    # envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL
    parts = answer.stdout.decode(errors="replace").partition("version:")[2].strip().split("/")
    return f"{parts[1]} ({binary})" if len(parts) > 1 else None


def _known_versions() -> list[str]:
    from gatewayd.api.kinds import KINDS
    from gatewayd.api.refs import EXPERIMENTAL_GROUP, GATEWAY_GROUP

    groups = (GATEWAY_GROUP, EXPERIMENTAL_GROUP)
    return [f"{kind.kind} {'/'.join(kind.accepted_versions)}" for kind in KINDS if kind.group in groups]


def _run(asked_for: AskedFor) -> dict[str, Any] | None:
    """Return the versions of a run of this user, or of a cluster; None where no run of this user answers."""
    from gatewayd.cli.run_socket import newest_run
    from gatewayd.introspection.client import NobodyError, fetch

    if asked_for.is_cluster:
        with asked_run(asked_for) as asked:
            return _of_run(status_of_all(asked))
    path = newest_run(asked_for.socket)
    try:
        return None if path is None else _of_run(fetch(path))
    except NobodyError:
        return None


def _of_run(answer: "Status") -> dict[str, Any]:
    envoys = sorted({proxy.envoy_version for proxy in answer.proxies})
    return {"gatewayd": answer.version, "folder": answer.folder, "proxies": [f"Envoy {each}" for each in envoys]}
