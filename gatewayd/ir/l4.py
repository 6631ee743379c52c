"""Traffic that is not looked into: TCP, TLS by server name, UDP."""

from dataclasses import dataclass

from gatewayd.ir.backend import Backend


@dataclass(frozen=True, slots=True, kw_only=True)
class L4Backend:
    """A share of the connections (TCP) or sessions (UDP)."""

    backend: Backend
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class L4Forward:
    """Send connections by weight; the share of an InvalidBackend is refused. `source` is "kind/namespace/name"."""

    source: str
    backends: tuple[L4Backend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class L4Refuse:
    """Close every connection: no route is attached."""


L4Action = L4Forward | L4Refuse
