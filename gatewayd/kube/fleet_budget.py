"""How much one replica tells the others, so that it fits into a ConfigMap whatever the Envoys of one Gateway say.

In: shares by Gateway. Out: shares that fit together, and what was left out. What Envoys refuse is left out before which
policies they have, and that before which listeners; of the Gateways with the most to say first: no Gateway's words cost
another its report.
https://kubernetes.io/docs/concepts/configuration/configmap/: "The data stored in a ConfigMap cannot exceed 1 MiB"
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final, TypeAlias, TypeVar

import msgspec

from gatewayd.ir.limits import SHARE_BYTES, SHARED_NAMES_BYTES, SHARED_REFUSALS, SHARED_SECRETS, SHARED_WORDS
from gatewayd.ir.outcome import RefusedSecret

MANY_WORDS: Final = "in other words than the first that were refused"
"""What stands for the words of a refusal that are not shared."""
Refused: TypeAlias = tuple[str, str, str]
"""Type, name and version of a resource."""
Standing: TypeAlias = tuple[str, str, int]
"""Type and name of a resource, and how many proxies refuse it."""
R = TypeVar("R", bound=tuple[str | int, ...])


class Share(msgspec.Struct, frozen=True, omit_defaults=True):
    """One replica's word on one Gateway: versions of listeners by name, and refused resources by Envoy's words.

    `standing`: what of these is refused until something else is taken, by the same, whatever version it has;
    `fresh`: how many Envoys say nothing of that yet.
    `secrets`: versions of certificates and bundles that were ever refused, by the same. `generations`: what the
    listeners are made of, for replicas of another edition: `metadata.generation` of Gateway and ListenerSets by uid.
    `policies`: which ones all Envoys have, in which generation; None where none of them has everything yet.
    """

    connected: int
    acked: dict[str, str] = {}
    generations: dict[str, int] = {}
    refused: dict[str, tuple[Refused, ...]] = {}
    standing: dict[str, tuple[Standing, ...]] = {}
    fresh: int = 0
    secrets: dict[str, tuple[str, ...]] = {}
    policies: dict[str, int] | None = None


def bounded(refused: Iterable[tuple[str, tuple[R, ...]]]) -> dict[str, tuple[R, ...]]:
    """Return as much of what is refused as one Gateway may tell, each words once, the first ones first."""
    told: dict[str, tuple[R, ...]] = {}
    left = SHARED_NAMES_BYTES
    for words, resources in refused:
        short = words[:SHARED_WORDS]
        if short not in told and len(told) == SHARED_REFUSALS:
            break
        kept: list[R] = []
        for resource in resources:
            left -= sum(len(str(each)) for each in resource)
            if left < 0:
                break
            kept.append(resource)
        told[short] = (*told.get(short, ()), *kept)
    return told


def shared_secrets(refused: Iterable[RefusedSecret]) -> dict[str, tuple[str, ...]]:
    """Return as many refused certificates and bundles as one Gateway may tell, each words once."""
    told: dict[str, tuple[str, ...]] = {}
    for secret in islice(refused, SHARED_SECRETS):
        short = secret.message[:SHARED_WORDS]
        if short not in told and len(told) >= SHARED_REFUSALS:
            short = MANY_WORDS
        told[short] = (*told.get(short, ()), secret.version)
    return told


def fitted(shares: Mapping[str, Share], most: int = SHARE_BYTES) -> tuple[dict[str, Share], tuple[str, ...]]:
    """Return the shares that fit into so many bytes, and of which Gateways something was left out."""
    fitting, short = dict(shares), set[str]()
    sizes = {gateway: _size(gateway, share) for gateway, share in shares.items()}
    total = sum(sizes.values())
    for drop in (_without_refusals, _without_policies, _without_acks):
        for gateway in sorted(sizes, key=lambda gateway: (-sizes[gateway], gateway)) if total > most else ():
            less = drop(fitting[gateway])
            if less == fitting[gateway]:
                continue
            size = _size(gateway, less)
            total += size - sizes[gateway]
            fitting[gateway], sizes[gateway] = less, size
            short.add(gateway)
            if total <= most:
                break
    return fitting, tuple(sorted(short))


def _without_refusals(share: Share) -> Share:
    return msgspec.structs.replace(share, refused={}, standing={})


def _without_policies(share: Share) -> Share:
    """Tell that Envoys have none: who is told of nothing would believe those who tell of some."""
    return msgspec.structs.replace(_without_refusals(share), policies=None if share.policies is None else {})


def _without_acks(share: Share) -> Share:
    less = _without_policies(share)
    return msgspec.structs.replace(less, acked={}, generations={}, secrets={})


def _size(gateway: str, share: Share) -> int:
    """Return what a share takes, as text within the text of a ConfigMap's JSON at worst."""
    return len(msgspec.json.encode({gateway: share}))
