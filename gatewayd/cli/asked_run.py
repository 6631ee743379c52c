"""Which gatewayd a command asks: a run of this user, by its socket, or the replicas of a cluster, by a kubeconfig.

In: the options that such commands have in common. Out: sockets to ask, which exist for as long as the command does; the
end of the program with what to do where nobody can be asked.
"""

import asyncio
import functools
import inspect
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from gatewayd.cli.output import end, fail
from gatewayd.cli.run_socket import run_socket
from gatewayd.ir.environment import NAMESPACE
from gatewayd.run.exit_codes import CANNOT_START

if TYPE_CHECKING:
    from gatewayd.introspection.status import Status
    from gatewayd.kube.client import KubeClient
    from gatewayd.kube.kubeconfig import UserContext

T = TypeVar("T")

_NOBODY: Final = (
    "no gatewayd of this user is running; `gatewayd up` starts one, --socket names one, --cluster asks a cluster"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFor:
    """What the options say."""

    socket: Path | None
    cluster: bool
    kubeconfig: Path | None
    context: str
    installed: str

    @property
    def is_cluster(self) -> bool:
        """Whether a cluster is asked."""
        return self.cluster or self.kubeconfig is not None or bool(self.context)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRun:
    """Sockets that answer, by name. Of a cluster its name, and the namespace of the context; both are "" of a run."""

    sockets: Mapping[str, Path]
    cluster: str
    namespace: str


def _option(name: str, kind: Any, default: Any, *declarations: str, says: str) -> inspect.Parameter:
    annotation = Annotated[kind, typer.Option(*declarations, help=says)]
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_OPTIONS: Final = (
    _option("socket", Path | None, None, "--socket", says="The run to ask. Default: the youngest one."),
    _option("cluster", bool, False, "--cluster", says="Ask the replicas in the cluster of your kubeconfig."),
    _option("kubeconfig", Path | None, None, "--kubeconfig", says="Ask a cluster, as this file knows it."),
    _option("context", str, "", "--context", says="Ask the cluster of this context."),
    _option("installed", str, NAMESPACE, "--gatewayd-namespace", says="Where gatewayd runs in the cluster."),
)
"""The fields of AskedFor as options."""


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command, which has a parameter `asked_for`, the options that say whom it asks."""
    own = inspect.signature(command)
    kept = [each for each in own.parameters.values() if each.name != "asked_for"]

    @functools.wraps(command)
    def with_options(**given: Any) -> None:
        asked_for = AskedFor(**{option.name: given.pop(option.name) for option in _OPTIONS})
        command(asked_for=asked_for, **given)

    parameters = (*kept, *_OPTIONS)
    with_options.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_options


@contextmanager
def asked_run(asked_for: AskedFor, nobody: str = _NOBODY) -> Iterator[AskedRun]:
    """Give what there is to ask; ends the program when there is nothing."""
    if not asked_for.is_cluster:
        yield AskedRun(sockets={"": run_socket(asked_for.socket, nobody)}, cluster="", namespace="")
        return
    with in_a_thread(_replicas(asked_for)) as asked:
        yield asked


def status_of_all(asked: AskedRun) -> "Status":
    """Return what a run, or all replicas together, say of themselves; ends the program when nobody answers."""
    from gatewayd.introspection.client import fetch
    from gatewayd.introspection.merged import merged

    statuses = each_answer(asked, fetch)
    return merged(list(statuses.values()), asked.cluster) if asked.cluster else next(iter(statuses.values()))


def first_answer(asked: AskedRun, ask: Callable[[Path], T]) -> tuple[str, T]:
    """Return the name of the first in their order that answers, and its answer. Raises NobodyError when none does."""
    from gatewayd.introspection.client import NobodyError

    last = NobodyError("there is nobody to ask")
    for name, path in asked.sockets.items():
        try:
            return name, ask(path)
        except NobodyError as error:
            last = error
    raise last


def answer_of_any(asked: AskedRun, ask: Callable[[Path], T]) -> T:
    """Return what one of them answers, whichever does first in their order; ends the program when nobody does."""
    return named_answer(asked, ask)[1]


def named_answer(asked: AskedRun, ask: Callable[[Path], T]) -> tuple[str, T]:
    """Return the same with the name of who answered; ends the program when nobody does."""
    from gatewayd.introspection.client import NobodyError

    try:
        return first_answer(asked, ask)
    except NobodyError as error:
        raise end(str(error), CANNOT_START) from error


def each_answer(asked: AskedRun, ask: Callable[[Path], T]) -> dict[str, T]:
    """Return what each answers; of those that do not it is said, and the others count."""
    from gatewayd.introspection.client import NobodyError

    answers: dict[str, T] = {}
    failures: dict[str, NobodyError] = {}
    for name, path in asked.sockets.items():
        try:
            answers[name] = ask(path)
        except NobodyError as error:
            failures[name] = error
    for name, failure in failures.items():
        fail(f"replica {name}: {failure}" if name else str(failure))
    if not answers:
        raise typer.Exit(CANNOT_START)
    return answers


@asynccontextmanager
async def user_client(asked_for: AskedFor) -> "AsyncIterator[tuple[KubeClient, UserContext]]":
    """Give a client with the rights of the user of a kubeconfig, and the context. Raises AccessError."""
    from gatewayd.kube.client import KubeClient
    from gatewayd.kube.kubeconfig import user_context

    context = await user_context(asked_for.kubeconfig, asked_for.context)
    client = KubeClient(context.access)
    try:
        yield client, context
    finally:
        await client.close()


@asynccontextmanager
async def _replicas(asked_for: AskedFor) -> AsyncIterator[AskedRun]:
    from gatewayd.infra.installation import SELECTOR
    from gatewayd.infra.layout import INTROSPECTION_PORT
    from gatewayd.kube.labelled_pods import running_pods
    from gatewayd.kube.replica_sockets import replica_sockets

    label = ",".join(f"{key}={value}" for key, value in SELECTOR.items())
    async with AsyncExitStack() as stack:
        client, context = await stack.enter_async_context(user_client(asked_for))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gatewayd-asks-")))
        pods = tuple(pod.where.name for pod in await running_pods(client, asked_for.installed, label))
        if not pods:
            raise LookupError(
                f"context {context.name}: no gatewayd runs in namespace {asked_for.installed}; --gatewayd-namespace "
                "names another one"
            )
        replicas = await stack.enter_async_context(
            replica_sockets(client, asked_for.installed, pods, INTROSPECTION_PORT, folder)
        )
        for name, why in replicas.lost.items():
            fail(f"replica {name}: {why}")
        if not replicas.sockets:
            raise LookupError(
                f"context {context.name}: no replica can be reached; that takes the right to get and create "
                f"pods/portforward in namespace {asked_for.installed}"
            )
        names = ", ".join(replicas.sockets)
        yield AskedRun(
            sockets=replicas.sockets, cluster=f"the cluster of {context.name} ({names})", namespace=context.namespace
        )


@contextmanager
def in_a_thread(entering: Any) -> Iterator[Any]:
    """Enter an asynchronous context on a loop of its own, so that others may wait for what it carries.

    Ends the program when it cannot be entered.
    """
    from gatewayd.kube.access import AccessError
    from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="cluster", daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    try:
        try:
            value = run(entering.__aenter__())
        except (AccessError, LookupError, ApiError, *CONNECTION_ERRORS) as error:
            raise end(str(error) or type(error).__name__, CANNOT_START) from error
        try:
            yield value
        finally:
            run(entering.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
