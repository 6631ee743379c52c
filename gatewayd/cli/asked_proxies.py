"""The Envoys whose admin interfaces a command asks: those of a run on this machine, or those in the pods of a cluster.

In: whom to ask, and which proxies are wanted. Out: `AskedProxy`s, each with a way to ask it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from gatewayd.cli.asked_run import AskedFor, in_a_thread, user_client
from gatewayd.cli.output import end, fail
from gatewayd.cli.run_socket import run_socket, status_of
from gatewayd.run.exit_codes import CANNOT_START

if TYPE_CHECKING:
    from gatewayd.kube.client import KubeClient, Where

_SECONDS: Final = 20.0
"""For an answer of an Envoy: that of 5,000 routes is megabytes."""

_SHORTENED: Final = 50
"""Characters that a label has more of where it stands for a longer name; it may be the name itself, too."""


class NoAdminAnswerError(Exception):
    """An Envoy did not answer, or not well; why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedProxy:
    """An Envoy: its node, its Gateway ("namespace/name"), and what asks it (method, target) for a body.

    Asking raises NoAdminAnswerError.
    """

    node: str
    gateway: str
    ask: Callable[[str, str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyChoice:
    """Which proxies are wanted; "" is all. `namespace` is that of Gateways."""

    gateway: str = ""
    node: str = ""
    namespace: str = ""

    def admits(self, node: str, gateway: str) -> bool:
        """Return whether a proxy is wanted."""
        return (
            self.gateway in ("", gateway, gateway.partition("/")[2])
            and self.node in ("", node)
            and self.namespace in ("", gateway.partition("/")[0])
        )


@contextmanager
def asked_proxies(asked_for: AskedFor, choice: ProxyChoice) -> Iterator[list[AskedProxy]]:
    """Give the proxies that are wanted; ends the program when there is none, or nobody to ask."""
    if not asked_for.is_cluster:
        yield _some(_of_run(asked_for.socket, choice))
        return
    with in_a_thread(_of_cluster(asked_for, choice)) as proxies:
        yield _some(proxies)


def _some(proxies: list[AskedProxy]) -> list[AskedProxy]:
    if not proxies:
        fail("there is no such proxy; `gatewayd status` lists those that are connected")
        raise typer.Exit(CANNOT_START)
    return proxies


def _of_run(socket: Path | None, choice: ProxyChoice) -> list[AskedProxy]:
    nobody = "no `gatewayd up` of this user is running; --socket names a run, --cluster asks a cluster"
    run = run_socket(socket, nobody)
    # The socket is in a folder of its own, beside those of the Envoys, which are called as their nodes are.
    runtime = run.parent.parent
    return [
        AskedProxy(node=row.node, gateway=row.gateway, ask=_by_socket(runtime / row.node / "admin"))
        for row in status_of(run).proxies
        if choice.admits(row.node, row.gateway)
    ]


def _by_socket(admin: Path) -> Callable[[str, str], bytes]:
    from gatewayd.supervisor.envoy_admin import NoAnswer, ask_at_once

    def ask(method: str, target: str) -> bytes:
        answer = ask_at_once(admin, method, target, _SECONDS)
        if isinstance(answer, NoAnswer):
            raise NoAdminAnswerError(answer.reason)
        return _good(answer.status, answer.body)

    return ask


def _good(status: int, body: bytes) -> bytes:
    if status >= 400:
        raise NoAdminAnswerError(f"{status}: {body.decode(errors='replace').strip()}")
    return body


@asynccontextmanager
async def _of_cluster(asked_for: AskedFor, choice: ProxyChoice) -> AsyncIterator[list[AskedProxy]]:
    async with user_client(asked_for) as (client, _):
        loop = asyncio.get_running_loop()
        yield [
            AskedProxy(node=pod.name, gateway=gateway, ask=_by_exec(client, pod, loop))
            for pod, gateway in await proxy_pods(client, choice)
        ]


async def proxy_pods(client: "KubeClient", choice: ProxyChoice) -> "list[tuple[Where, str]]":
    """Return the pods of the proxies that are wanted, each with its Gateway. Raises as `running_pods` does."""
    from gatewayd.api.gateway import GATEWAY_NAME_LABEL, MANAGED_BY
    from gatewayd.kube.labelled_pods import running_pods
    from gatewayd.own_group import is_managed

    namespace = choice.namespace or choice.gateway.rpartition("/")[0]
    labelled = await running_pods(client, namespace, f"{MANAGED_BY},{GATEWAY_NAME_LABEL}")
    ours = [pod for pod in labelled if is_managed(pod.labels.get(MANAGED_BY, ""))]
    pods = [(pod.where, pod.labels.get(GATEWAY_NAME_LABEL, "")) for pod in ours]
    names = await _names(client, {(pod.namespace, value) for pod, value in pods}, choice)
    return [
        (pod, gateway)
        for pod, value in pods
        if choice.admits(pod.name, gateway := f"{pod.namespace}/{names.get((pod.namespace, value), value)}")
    ]


async def _names(
    client: "KubeClient", labelled: set[tuple[str, str]], choice: ProxyChoice
) -> dict[tuple[str, str], str]:
    """Return the names of Gateways that are too long for a label, by namespace and label's value.

    Where Gateways may not be listed, the one that is asked for is known all the same.
    """
    from gatewayd.ir.infrastructure import label_value

    asked_for = choice.gateway.rpartition("/")[2]
    shortened = {each for each in labelled if len(each[1]) > _SHORTENED}
    names: dict[tuple[str, str], str] = {}
    for namespace in sorted({namespace for namespace, _ in shortened}):
        for name in (asked_for, *await _gateways(client, namespace)):
            names[namespace, label_value(name)] = name
    return {each: names[each] for each in shortened if each in names}


async def _gateways(client: "KubeClient", namespace: str) -> tuple[str, ...]:
    """Return the names of the Gateways of a namespace; nothing where they may not be listed."""
    import msgspec

    from gatewayd.api.gateway import Gateway
    from gatewayd.api.kinds import BY_STRUCT
    from gatewayd.kube.api_errors import ApiError
    from gatewayd.kube.client import Where

    kind = BY_STRUCT[Gateway]
    where = Where(api_version=kind.api_version, plural=kind.plural, namespace=namespace, name="")
    try:
        data = await client.request("GET", where.path(""))
    except ApiError:
        return ()
    return tuple(each["metadata"]["name"] for each in msgspec.json.decode(data).get("items", []))


def _by_exec(client: Any, pod: Any, loop: asyncio.AbstractEventLoop) -> Callable[[str, str], bytes]:
    from gatewayd.infra.admin_question import answer, question
    from gatewayd.infra.layout import ADMIN_SOCKET
    from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError
    from gatewayd.kube.pod_exec import CommandFailedError, run_in_pod

    def ask(method: str, target: str) -> bytes:
        work = run_in_pod(client, pod, "envoy", question(ADMIN_SOCKET, method, target))
        try:
            return _good(*answer(asyncio.run_coroutine_threadsafe(work, loop).result()))
        except (ApiError, CommandFailedError, ValueError, *CONNECTION_ERRORS) as error:
            raise NoAdminAnswerError(str(error) or type(error).__name__) from error

    return ask


def dump_of(proxy: AskedProxy) -> Any:
    """Return the /config_dump of a proxy, endpoints included. Raises NoAdminAnswerError."""
    return json_of(proxy, "/config_dump?include_eds")


def json_of(proxy: AskedProxy, target: str) -> Any:
    """Return a page of a proxy that is JSON. Raises NoAdminAnswerError."""
    import json

    body = proxy.ask("GET", target)
    try:
        return json.loads(body)
    except ValueError as error:
        raise NoAdminAnswerError(f"{target}: no JSON: {error}") from error


def ended(proxy: AskedProxy, error: NoAdminAnswerError) -> typer.Exit:
    """Say that a proxy does not answer, and return what to raise."""
    return end(f"proxy {proxy.node} of {proxy.gateway}: {error}", CANNOT_START)
