"""What keeps Gateways from their infrastructure, as rows of the store: so that `Programmed` can say it.

In: problems of each stage (certificates, objects), told by who met them. Out: one InfrastructureReport per Gateway that
has any. Only the leader meets problems, and the leader alone writes statuses, so that no other replica need know.
"""

from collections.abc import Callable, Iterable

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.outcome import InfrastructureReport
from gatewayd.store import Delta, Event

Submit = Callable[[Iterable[Event]], None]


class InfrastructureReports:
    """Gathers the stages' problems; `submit` takes rows that changed."""

    def __init__(self, submit: Submit) -> None:
        self._submit = submit
        self._problems: dict[ObjectKey, dict[str, tuple[str, ...]]] = {}

    def told(self, stage: str, gateway: ObjectKey, problems: tuple[str, ...]) -> None:
        """Take what is wrong with one stage of a Gateway now; nothing: all is well."""
        stages = self._problems.get(gateway, {})
        if stages.get(stage, ()) == problems:
            return
        now = {name: words for name, words in {**stages, stage: problems}.items() if words}
        if now:
            self._problems[gateway] = now
        else:
            del self._problems[gateway]
        self._tell(gateway)

    def clear(self) -> None:
        """Forget everything: what was so when we led last may have changed since."""
        gateways, self._problems = tuple(self._problems), {}
        for gateway in gateways:
            self._tell(gateway)

    def _tell(self, gateway: ObjectKey) -> None:
        stages = self._problems.get(gateway)
        problems = tuple(words for stage in sorted(stages) for words in stages[stage]) if stages else ()
        report = InfrastructureReport(problems=problems) if problems else None
        self._submit((Delta(kind=InfrastructureReport, key=gateway, obj=report),))
