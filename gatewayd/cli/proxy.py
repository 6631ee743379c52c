"""`gatewayd proxy`: what Envoys really have, as tables, and how it differs from what they should have."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gatewayd.cli.asked_proxies import (
    AskedProxy,
    NoAdminAnswerError,
    ProxyChoice,
    asked_proxies,
    dump_of,
    ended,
    json_of,
)
from gatewayd.cli.asked_run import AskedFor, AskedRun, answer_of_any, asked_run, asking
from gatewayd.cli.completed_names import gateway_names
from gatewayd.cli.output import Form, FormOption, end, write, write_json
from gatewayd.run.exit_codes import INVALID, OK

if TYPE_CHECKING:
    from gatewayd.cli.view.proxy_tables import Cells, LookedFor
    from gatewayd.introspection.published import PublishedResource

app = typer.Typer(add_completion=False)


class Topic(StrEnum):
    """What of a proxy is shown."""

    ROUTES = "routes"
    CLUSTERS = "clusters"
    ENDPOINTS = "endpoints"
    LISTENERS = "listeners"
    SECRETS = "secrets"
    CONFIG = "config"
    STATS = "stats"
    LOGGING = "logging"


class EnvoyLevel(StrEnum):
    """How much an Envoy logs: https://www.envoyproxy.io/docs/envoy/v1.40.0/operations/cli#cmdoption-log-level."""

    TRACE = "trace"
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"
    OFF = "off"


@app.command()
@asking
def proxy(  # noqa: PLR0913 (each is an option)
    topic: Annotated[Topic, typer.Argument(help="What to show.")],
    gateway: Annotated[
        str,
        typer.Argument(help="Only proxies of this Gateway: NAME or NAMESPACE/NAME.", autocompletion=gateway_names),
    ] = "",
    *,
    node: Annotated[str, typer.Option("--proxy", help="Only this proxy, as `gatewayd status` names it.")] = "",
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Only proxies of Gateways there.")] = "",
    route: Annotated[str, typer.Option("--route", help="Only with this in KIND/NAMESPACE/NAME of the route.")] = "",
    host: Annotated[str, typer.Option("--host", help="Only of this host.")] = "",
    service: Annotated[str, typer.Option("--service", help="Only with this in NAMESPACE/NAME/PORT.")] = "",
    name: Annotated[str, typer.Option("--name", help="Only with this in the name.")] = "",
    diff: Annotated[bool, typer.Option("--diff", help="Only what differs from what the proxy should have.")] = False,
    level: Annotated[EnvoyLevel | None, typer.Option("--level", help="With logging: have loggers log so much.")] = None,
    asked_for: AskedFor,
    output: FormOption = Form.TEXT,
) -> None:
    """Show what the proxies of a run or a cluster really have; keys and passwords are never shown.

    Exit codes: 0, 1 when --diff finds something, 3 when a proxy does not answer.

    Examples: gatewayd proxy routes web --host shop.example; gatewayd proxy config --diff
    """
    from gatewayd.cli.view.proxy_tables import LookedFor

    wanted = LookedFor(route=route, host=host, service=service, name=name)
    if level is not None and topic is not Topic.LOGGING:
        raise end("--level is for `gatewayd proxy logging`", INVALID)
    choice = ProxyChoice(gateway=gateway, node=node, namespace=namespace)
    with ExitStack() as stack:
        show = _differences(asked_for, topic, stack) if diff else _shower(topic, wanted, level)
        proxies = stack.enter_context(asked_proxies(asked_for, choice))
        found = [(each, *_shown(each, show)) for each in proxies]
    if output is Form.JSON:
        write_json([_shape(each, heads, rows) for each, heads, rows in found])
    else:
        _write(found)
    raise typer.Exit(INVALID if diff and any(rows for _, _, rows in found) else OK)


_Show = Callable[[AskedProxy], "tuple[Cells, list[Cells]]"]


def _shown(proxy_asked: AskedProxy, show: _Show) -> "tuple[Cells, list[Cells]]":
    try:
        return show(proxy_asked)
    except NoAdminAnswerError as error:
        raise ended(proxy_asked, error) from error


def _shower(topic: Topic, wanted: "LookedFor", level: EnvoyLevel | None) -> _Show:
    """Return what makes the table of a topic of a proxy."""
    from gatewayd.cli.view.proxy_tables import TABLES, logger_rows, stat_rows, table_rows
    from gatewayd.introspection.held import held

    if topic is Topic.STATS:
        return lambda each: (("STAT", "VALUE"), stat_rows(json_of(each, "/stats?format=json&usedonly"), wanted))
    if topic is Topic.LOGGING:
        return lambda each: (("LOGGER", "LEVEL"), logger_rows(_loggers(each, wanted.name, level), wanted))
    table = TABLES[topic.value]
    return lambda each: (table.heads, table_rows(table, held(dump_of(each)), wanted))


def _loggers(proxy_asked: AskedProxy, logger: str, level: EnvoyLevel | None) -> str:
    """Return the text of /logging, after it has been set where that is asked for."""
    from urllib.parse import urlencode

    query = "" if level is None else "?" + urlencode({logger or "level": level.value})
    return proxy_asked.ask("POST", f"/logging{query}").decode(errors="replace")


def _differences(asked_for: AskedFor, topic: Topic, stack: ExitStack) -> _Show:
    """Return what compares a proxy with what is published for it; the run is open from the first one on, in `stack`."""
    from gatewayd.cli.view.proxy_tables import TABLES
    from gatewayd.introspection.client import fetch_config
    from gatewayd.introspection.held import deviations, held
    from gatewayd.introspection.published import ResourceChoice

    if topic.value not in TABLES:
        raise end(f"--diff is not for {topic}; allowed: {', '.join(TABLES)}", INVALID)
    kind = TABLES[topic.value].type

    @cache
    def asked() -> AskedRun:
        return stack.enter_context(asked_run(asked_for))

    @cache
    def published_for(gateway: str) -> "tuple[PublishedResource, ...]":
        # Contents are compared of endpoints alone.
        plain = ResourceChoice(gateway=gateway, type=kind, with_content=kind == "EDS")
        return answer_of_any(asked(), lambda path: fetch_config(path, plain))

    def show(each: AskedProxy) -> "tuple[Cells, list[Cells]]":
        resources = [one for one in held(dump_of(each)) if kind in ("", one.type)]
        found = deviations(resources, published_for(each.gateway))
        return ("TYPE", "NAME", "DIFFERS"), [(one.type, one.name, one.says) for one in found]

    return show


def _write(found: "list[tuple[AskedProxy, Cells, list[Cells]]]") -> None:
    from gatewayd.cli.view.columns import columns

    for number, (each, heads, rows) in enumerate(found):
        if number > 0:
            write("")
        if len(found) > 1:
            write(f"proxy {each.node} of Gateway {each.gateway}:")
        for line in columns(heads, rows) if rows else ["nothing"]:
            write(line)


def _shape(each: AskedProxy, heads: "Cells", rows: "list[Cells]") -> dict[str, Any]:
    names = list(_camel(heads))
    return {
        "proxy": each.node,
        "gateway": each.gateway,
        "rows": [dict(zip(names, row, strict=True)) for row in rows],
    }


def _camel(heads: "Cells") -> Iterator[str]:
    for head in heads:
        first, *rest = head.lower().split()
        yield first + "".join(word.capitalize() for word in rest)
