"""From time to time: the CA is followed or advanced, and what has certificates of it is looked at."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gatewayd.infra import layout
from gatewayd.kube.authority_store import AuthorityStore
from gatewayd.kube.lease import Everyone, Leadership
from gatewayd.kube.work_queue import RETRY, Label, Pacing, WorkQueue
from gatewayd.run.trust import Trust

ROTATION_SECONDS: Final = 600.0


class Rotation:
    """See the module's text. `renewed` is called when certificates may be due; `on_failure` hears "rotation"."""

    def __init__(
        self,
        *,
        authorities: AuthorityStore,
        trust: Trust,
        leadership: Leadership,
        renewed: Callable[[], None],
        on_failure: Callable[[str], None],
    ) -> None:
        self._authorities = authorities
        self._trust = trust
        self._leadership = leadership
        self._renewed = renewed
        self._queue: WorkQueue[str] = WorkQueue(
            name="rotation",
            work=self._rotate,
            label=lambda name: Label("", name),
            leadership=Everyone(),
            pacing=Pacing(workers=1, backoff=replace(RETRY, longest=ROTATION_SECONDS)),
            on_failure=lambda _failure: on_failure("rotation"),
        )

    async def run(self) -> None:
        """Rotate until cancelled."""
        self._queue.add_after(layout.AUTHORITY_SECRET, ROTATION_SECONDS)
        await self._queue.run()

    async def _rotate(self, _authority: str) -> float:
        """Follow the CA; renew what is due, the server's own certificate and those of the Gateways."""
        if not self._leadership.is_leader():
            authority = await self._authorities.load()
        else:
            authority = await self._authorities.advance()
        self._trust.follow(authority)
        self._renewed()
        return ROTATION_SECONDS
