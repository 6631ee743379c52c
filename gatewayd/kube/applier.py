"""Desired objects -> the cluster: server-side apply, drift repaired, what is not wanted any more deleted.

Only objects that carry our label are ever touched: one of the same name that somebody else made is left alone, said to
be in the way, and no workload is made beside it. Deleted is only what was made for the Gateway; a workload only when
the one that replaces it is ready. https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from gatewayd.api.meta import ObjectKey
from gatewayd.infra.made_kinds import MOUNTED, PROXIES, WORKLOADS
from gatewayd.ir.limits import INFRASTRUCTURE_WORKERS, LASTING_FAILURES, PROBLEM_CHARACTERS
from gatewayd.kube.api_errors import CONNECTION_ERRORS, ApiError, NotFoundError, is_of_ending_namespace
from gatewayd.kube.client import KubeClient
from gatewayd.kube.lease import Leadership
from gatewayd.kube.made_object import Document, LiveObject, ObjectName, name_of
from gatewayd.kube.replicas import hand_over_replicas
from gatewayd.kube.rollouts import Rollouts
from gatewayd.kube.work_queue import Failure, Label, Pacing, SpokenError, WorkQueue

READY_SECONDS: Final = 1.0
"""How soon to look again whether a new workload is ready, for whose sake the old one stays."""

PACING: Final = Pacing(workers=INFRASTRUCTURE_WORKERS)


class ApplyProblem(NamedTuple):
    """Why an object is not as desired. One that `lasts` does not pass by itself.

    `retry_after`: for how many seconds the API server does not want to hear of it again.
    """

    words: str
    lasts: bool
    retry_after: float = 0.0


class InfrastructureError(SpokenError):
    """Not everything that a Gateway needs could be applied."""

    def __init__(self, problems: Iterable[ApplyProblem]) -> None:
        self.problems = tuple(problems)
        self.retry_after = max((problem.retry_after for problem in self.problems), default=0.0)
        super().__init__("; ".join(problem.words for problem in self.problems))


class Inventory(Protocol):
    """The objects of the cluster that were made for a Gateway, as the watches have them."""

    def made_for(self, gateway: ObjectKey) -> Iterable[ObjectName]:
        """Return the objects that are owned by the Gateway."""


OnWrite = Callable[[str, str], None]
Report = Callable[[ObjectKey, tuple[str, ...]], None]
"""Takes the problems of a Gateway's infrastructure; none when all is applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfrastructureCallbacks:
    """Who hears what becomes of infrastructure.

    `on_write`: the kind, and "written", "taken" or "failed", of each object. `report`: what keeps a Gateway from what
    it needs. `on_failure`: the queue's name, for each failure.
    """

    on_write: OnWrite
    report: Report
    on_failure: Callable[[str], None]

    def failed(self, queue: str, failure: Failure[ObjectKey]) -> None:
        """Hear that a Gateway could not be seen to; what may pass by itself is reported when it has not for a while."""
        self.on_failure(queue)
        problems = _problems(failure.error)
        if failure.count >= LASTING_FAILURES or any(problem.lasts for problem in problems):
            self.report(failure.key, tuple(problem.words[:PROBLEM_CHARACTERS] for problem in problems))


def _problems(error: BaseException) -> tuple[ApplyProblem, ...]:
    match error:
        case InfrastructureError():
            return error.problems
        case ApiError():
            return (problem_of(error),)
        case _:
            lasts = not isinstance(error, CONNECTION_ERRORS)
            return (ApplyProblem(str(error) or repr(error), lasts),)


def problem_of(error: ApiError) -> ApplyProblem:
    """Return the message of the API server, and whether a retry alone may help."""
    return ApplyProblem(error.message, not error.may_pass, error.retry_after)


class Applier:
    """Applies the desired objects, one Gateway at a time."""

    def __init__(
        self,
        *,
        client: KubeClient,
        leadership: Leadership,
        inventory: Inventory,
        ending: Container[str],
        audience: InfrastructureCallbacks,
        is_outranked: Callable[[], bool],
    ) -> None:
        """Make nothing in the namespaces that are `ending`.

        `is_outranked`: a newer edition runs beside us, so that proxies that are there are left to it.
        """
        self._client = client
        self._is_outranked = is_outranked
        self._leadership = leadership
        self._inventory = inventory
        self._ending = ending
        self._audience = audience
        self._wanted: dict[ObjectKey, dict[ObjectName, Document]] = {}
        self._extra: dict[ObjectKey, set[ObjectName]] = {}
        self._kept: set[ObjectKey] = set()
        self._queue = self._queue_of("infrastructure", self._bring)
        self._replacements = self._queue_of("workload replacement", self._replace)
        self._rollouts = Rollouts(
            client=client,
            leadership=leadership,
            proxies=self,
            label=label,
            on_failure=lambda failure: audience.failed("rollout", failure),
        )

    def _queue_of(self, name: str, work: Callable[[ObjectKey], Awaitable[float | None]]) -> WorkQueue[ObjectKey]:
        return WorkQueue(
            name=name,
            work=work,
            label=label,
            leadership=self._leadership,
            pacing=PACING,
            on_failure=lambda failure: self._audience.failed(name, failure),
        )

    def want(self, gateway: ObjectKey, documents: tuple[Document, ...]) -> None:
        """Set what shall be there for a Gateway; none at all deletes what was made for it."""
        before = self._wanted.get(gateway)
        now = {name_of(each): each for each in documents}
        if before == now and gateway not in self._kept:
            return
        self._kept.discard(gateway)
        extra = self._extra.setdefault(gateway, set())
        extra.update((before or {}).keys())
        extra -= now.keys()
        self._wanted[gateway] = now
        self._queue.add(gateway)

    def keep(self, gateway: ObjectKey, documents: tuple[Document, ...]) -> None:
        """Set documents beside what is there for a Gateway; nothing is deleted until something is wanted again."""
        self._kept.add(gateway)
        before = self._wanted.get(gateway, {})
        self._wanted[gateway] = {**before, **{name_of(each): each for each in documents}}
        if self._wanted[gateway] != before:
            self._queue.add(gateway)

    def appeared(self, gateway: ObjectKey, name: ObjectName) -> None:
        """Hear of an object that was made for a Gateway, by us or by whoever led before."""
        if name not in self._wanted.get(gateway, {name: {}}):
            self._queue.add(gateway)

    def drifted(self, gateway: ObjectKey) -> None:
        """Hear that an object that was made for a Gateway was changed or deleted by somebody."""
        if gateway in self._wanted:
            self._queue.add(gateway)

    def look_again(self) -> None:
        """Look at everything that is wanted again."""
        for gateway in self._wanted:
            self._queue.add(gateway)

    def became_leader(self) -> None:
        """Forget what was wanted when we led last: others led since, and what is wanted now is told anew."""
        for known in (self._wanted, self._extra, self._kept):
            known.clear()
        self._queue.wake()
        self._replacements.wake()
        self._rollouts.became_leader()

    async def run(self) -> None:
        """Apply until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._queue.run(), name="applier")
            tasks.create_task(self._replacements.run(), name="replacements")
            tasks.create_task(self._rollouts.run(), name="rollouts")

    async def _bring(self, gateway: ObjectKey) -> None:
        """Apply what one Gateway needs. Raises InfrastructureError for what could not be applied."""
        wanted = self._wanted.get(gateway)
        if wanted is None:
            return
        problems: list[ApplyProblem] = []
        if gateway.namespace not in self._ending:
            problems += await self._apply_all(gateway, wanted)
            problems += await self._delete_extra(gateway)
        if problems:
            raise InfrastructureError(problems)
        if not self._leadership.is_leader():
            return  # whoever leads next looks at everything
        self._audience.report(gateway, ())
        if self._wanted.get(gateway) == {}:
            del self._wanted[gateway]
            self._extra.pop(gateway, None)
            self._rollouts.forget(gateway)

    async def _apply_all(self, gateway: ObjectKey, wanted: Mapping[ObjectName, Document]) -> list[ApplyProblem]:
        """Apply what can be; no workload where a name is taken, or where what it runs with is not as it shall be.

        Proxies that run already have their turn, or are left to a newer edition.
        """
        live = {name: await self._live(name) for name in wanted}
        taken = [name for name, there in live.items() if not self._is_free(name, there)]
        problems = [
            ApplyProblem(f"{name} is there already and is not managed by gatewayd", lasts=True) for name in taken
        ]
        runs_already = any(there is not None for name, there in live.items() if name.kind in WORKLOADS)
        waits = runs_already and (self._is_outranked() or not self._rollouts.is_settled(gateway))
        now = {name: document for name, document in wanted.items() if not (waits and name.kind in PROXIES)}
        problems += await self._apply_in_order(now, taken)
        if not waits:
            self._rollouts.settle(gateway)
        elif not problems:
            self._rollouts.add(gateway)
        return problems

    async def _apply_in_order(
        self, wanted: Mapping[ObjectName, Document], taken: Collection[ObjectName] = ()
    ) -> list[ApplyProblem]:
        problems: list[ApplyProblem] = []
        runs = not taken
        for name, document in wanted.items():
            if not self._leadership.is_leader():
                return problems
            if name in taken or (name.kind in WORKLOADS and not runs):
                continue
            try:
                await self._apply(name, document)
            except ApiError as error:
                if is_of_ending_namespace(error):
                    raise
                problem = problem_of(error)
                problems.append(problem._replace(words=f"{name}: {problem.words}"))
                runs = runs and name.kind not in MOUNTED
        return problems

    def workload(self, gateway: ObjectKey) -> ObjectName | None:
        """Return the workload that a Gateway shall have now; None: none, or not for us to say."""
        if self._is_outranked() or gateway.namespace in self._ending:
            return None
        return next((name for name in self._wanted.get(gateway, {}) if name.kind in WORKLOADS), None)

    async def bring(self, gateway: ObjectKey) -> None:
        """Apply the proxies of a Gateway. Raises InfrastructureError for what could not be applied."""
        wanted = self._wanted.get(gateway, {})
        problems = await self._apply_in_order(
            {name: document for name, document in wanted.items() if name.kind in PROXIES}
        )
        if problems:
            raise InfrastructureError(problems)

    async def _delete_extra(self, gateway: ObjectKey) -> list[ApplyProblem]:
        """Delete what was made for a Gateway and is not wanted; a workload that another one replaces has to wait."""
        problems: list[ApplyProblem] = []
        replaced = any(name.kind in WORKLOADS for name in self._wanted.get(gateway, {}))
        for name in self._unwanted(gateway):
            if not self._leadership.is_leader():
                break
            if replaced and name.kind in WORKLOADS:
                self._replacements.add(gateway)
                continue
            try:
                await self._delete(gateway, name)
            except ApiError as error:
                problem = problem_of(error)
                problems.append(problem._replace(words=f"{name}: {problem.words}"))
        return problems

    async def _replace(self, gateway: ObjectKey) -> float | None:
        """Delete the workloads that another one has replaced; return when to look again while that one is not ready."""
        new = next((name for name in self._wanted.get(gateway, {}) if name.kind in WORKLOADS), None)
        old = [name for name in self._unwanted(gateway) if name.kind in WORKLOADS]
        if new is None or not old:
            return None
        live = await self._live(new)
        if live is None or not live.is_ready(new.kind):
            return READY_SECONDS
        for name in old:
            if self._leadership.is_leader():
                await self._delete(gateway, name)
        return None

    def _unwanted(self, gateway: ObjectKey) -> list[ObjectName]:
        """Return what there is, or was wanted, for a Gateway and is not wanted now; nothing while that is not known."""
        wanted = self._wanted.get(gateway)
        if wanted is None or gateway in self._kept:
            return []
        there = self._extra.get(gateway, set()).union(self._inventory.made_for(gateway))
        return sorted(there - wanted.keys(), key=str)

    async def _apply(self, name: ObjectName, document: Document) -> None:
        try:
            await hand_over_replicas(self._client, name.path(), document)
            await self._client.apply(name.path(), document)
        except (ApiError, *CONNECTION_ERRORS):
            self._audience.on_write(name.kind, "failed")
            raise
        self._audience.on_write(name.kind, "written")

    def _is_free(self, name: ObjectName, live: LiveObject | None) -> bool:
        """Return whether the name is unused or its object is ours."""
        if live is None or live.metadata.is_of(self._client.manager):
            return True
        self._audience.on_write(name.kind, "taken")
        return False

    async def _live(self, name: ObjectName) -> LiveObject | None:
        return await self._client.get(name.path(), LiveObject)

    async def _delete(self, gateway: ObjectKey, name: ObjectName) -> None:
        """Delete the very object that was looked at, if it was made for the Gateway; nobody else's of that name."""
        live = await self._live(name)
        if live is not None and gateway in live.metadata.gateways(self._client.manager):
            options = {
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "propagationPolicy": "Background",
                "preconditions": {"uid": live.metadata.uid},
            }
            with suppress(NotFoundError):
                await self._client.request("DELETE", name.path(), body=options)
        self._extra.get(gateway, set()).discard(name)


def label(gateway: ObjectKey) -> Label:
    """Return the namespace whose turn a Gateway takes, and its name in logs."""
    return Label(gateway.namespace, f"Gateway {gateway}")
