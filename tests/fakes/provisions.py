"""What Gateways shall have, as a test says."""

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.infrastructure import Provision


class Provisions(dict[ObjectKey, Provision]):
    """A dictionary that is asked as a reconciler is."""

    def wanted(self, gateway: ObjectKey) -> Provision | None:
        return self.get(gateway)

    def provided(self) -> tuple[ObjectKey, ...]:
        return tuple(self)
