"""`gatewayd bundle`: an archive for whoever is to help, without secrets.

In: a run, or a cluster. Out: a .tar.gz of text: versions, status, why what is broken is, what is published, what the
proxies have and count. What cannot be had is named in the archive, and the rest is there.
"""

import io
import json
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from gatewayd.cli.asked_proxies import AskedProxy, NoAdminAnswerError, ProxyChoice, asked_proxies, dump_of, json_of
from gatewayd.cli.asked_run import AskedFor, AskedRun, asked_run, asking, first_answer, status_of_all
from gatewayd.cli.output import end, write
from gatewayd.run.exit_codes import CANNOT_START

if TYPE_CHECKING:
    from gatewayd.introspection.status import Status

app = typer.Typer(add_completion=False)

_MOST_BROKEN: Final = 100
"""Routes and Gateways that are not well, of which it is told why."""
_README: Final = """A support archive of gatewayd, made at {at}.

status.json       what is served, and what is not; as `gatewayd status -o json`
why/              why what is broken is
published.json    what proxies shall have
proxies/          what each of them has, and its statistics
missing.txt       what could not be had, and why; absent where nothing is missing

Left out: Secrets, keys and passwords, values of headers that are set or asked for and of attributes of spans, what
sections of policies say, bodies, scripts and access logs.
Left in: names of objects, hosts, paths, addresses, certificates' hosts and ends. Read it before you hand it on.
"""

File = tuple[str, str]
"""Its name in the archive, and its text."""


@app.command()
@asking
def bundle(
    archive: Annotated[
        Path | None, typer.Argument(help="The .tar.gz to write. Default: gatewayd-TIME.tar.gz here.")
    ] = None,
    *,
    asked_for: AskedFor,
) -> None:
    """Write an archive for whoever is to help: status, configuration and statistics, without secrets.

    Exit codes: 0, also when something could not be had, which the archive names; 3 when nobody answers.
    """
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    path = archive or Path(f"gatewayd-{at}.tar.gz")
    missing: list[str] = []
    with asked_run(asked_for) as asked:
        files = [("README.txt", _README.format(at=at)), *_of_run(asked, missing)]
    files += _of_proxies(asked_for, missing)
    if missing:
        files.append(("missing.txt", "\n".join((*missing, ""))))
    try:
        _write(path, files)
    except OSError as error:
        raise end(f"{path}: {error.strerror}", CANNOT_START) from error
    write(f"{path}: {len(files)} files" + (f", {len(missing)} could not be had: see missing.txt" if missing else ""))


def _of_run(asked: AskedRun, missing: list[str]) -> Iterator[File]:
    from gatewayd.cli.view.json_shapes import status_json
    from gatewayd.introspection.client import NobodyError, fetch_config
    from gatewayd.introspection.node_rows import node_rows
    from gatewayd.introspection.published import ResourceChoice
    from gatewayd.introspection.withheld import withheld

    status = status_of_all(asked)
    yield "status.json", _text(status_json(status, node_rows(status.proxies, {})))
    for name in _broken(status):
        yield from _why(asked, name, missing)
    try:
        _, resources = first_answer(asked, lambda path: fetch_config(path, ResourceChoice()))
    except NobodyError as error:
        missing.append(f"published.json: {error}")
        return
    shapes = [
        {
            "gateway": each.gateway,
            "type": each.type,
            "name": each.name,
            "version": each.version,
            # Of Secrets the names are enough.
            "content": None if each.type == "SDS" else withheld(each.content),
        }
        for each in resources
    ]
    yield "published.json", _text(shapes)


def _broken(status: "Status") -> list[str]:
    """Return what is not well, as `gatewayd why` takes it."""
    from gatewayd.introspection.rows import ConditionMark

    gateways = (
        f"gateway/{row.name}"
        for row in status.board.gateways
        if ConditionMark.FALSE in (row.accepted.mark, row.programmed.mark)
    )
    routes = (row.object for row in status.board.troubled)
    return [*gateways, *routes][:_MOST_BROKEN]


def _why(asked: AskedRun, name: str, missing: list[str]) -> Iterator[File]:
    from gatewayd.explain.steps import UnknownKindError
    from gatewayd.introspection.client import NobodyError, fetch_why

    kind, namespace, own = name.split("/")
    try:
        _, chain = first_answer(asked, lambda path: fetch_why(path, kind, namespace, own))
    except (UnknownKindError, NobodyError) as error:
        missing.append(f"why/{name}: {error}")
        return
    told = ((step, step.for_others) for step in chain.steps)
    lines = [f"{'  ' * step.depth}{step.mark.value:<5}{words.subject}: {words.says}" for step, words in told]
    yield f"why/{name.replace('/', '-')}.txt", "\n".join((*lines, ""))


def _of_proxies(asked_for: AskedFor, missing: list[str]) -> Iterator[File]:
    try:
        with asked_proxies(asked_for, ProxyChoice()) as proxies:
            for each in proxies:
                yield from _of_proxy(each, missing)
    except typer.Exit:
        missing.append("proxies: none could be asked")


def _of_proxy(proxy: AskedProxy, missing: list[str]) -> Iterator[File]:
    for name, make in _PAGES.items():
        try:
            yield f"proxies/{proxy.gateway.replace('/', '-')}-{proxy.node}/{name}", _text(make(proxy))
        except NoAdminAnswerError as error:
            missing.append(f"{name} of proxy {proxy.node} of {proxy.gateway}: {error}")


def _held(proxy: AskedProxy) -> Any:
    from gatewayd.introspection.held import held
    from gatewayd.introspection.withheld import withheld

    return [
        {
            "type": each.type,
            "name": each.name,
            "version": each.version,
            "state": each.state,
            "updated": each.updated,
            "content": None if each.type == "SDS" else withheld(each.content),
        }
        for each in held(dump_of(proxy))
    ]


def _server(proxy: AskedProxy) -> Any:
    info = json_of(proxy, "/server_info")
    return {key: info[key] for key in ("version", "state", "uptime_all_epochs", "hot_restart_version") if key in info}


_PAGES: Final[dict[str, Callable[[AskedProxy], Any]]] = {
    "config.json": _held,
    "stats.json": lambda proxy: json_of(proxy, "/stats?format=json&usedonly"),
    "server.json": _server,
    "memory.json": lambda proxy: json_of(proxy, "/memory"),
}


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _write(path: Path, files: list[File]) -> None:
    now = time.time()
    with tarfile.open(path, "x:gz") as archive:
        for name, text in files:
            content = text.encode(errors="backslashreplace")
            entry = tarfile.TarInfo(f"gatewayd/{name}")
            entry.size, entry.mode, entry.mtime = len(content), 0o600, int(now)
            archive.addfile(entry, io.BytesIO(content))
