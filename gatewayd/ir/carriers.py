"""What brings a policy to proxies, and which policies, in which generations, a configuration is made of.

Bytes differ from edition to edition and from route to route. `metadata.generation` all replicas read alike, and it is
what a condition's `observedGeneration` speaks of.
"""

from enum import StrEnum
from typing import NamedTuple, TypeAlias


class PolicyCarrier(StrEnum):
    """Resources that a policy is in."""

    ROUTES = "routes"
    BACKENDS = "backends"
    LISTENERS = "listeners"


class PolicyGeneration(NamedTuple):
    """A policy as it was read: `policy` is what no other object has, nor one of the same name that comes after it."""

    carrier: PolicyCarrier
    policy: str
    generation: int


Policies: TypeAlias = tuple[PolicyGeneration, ...]
"""All that name something of one Gateway, sorted; the same object for as long as nothing of it differs."""
