"""Secret -> what a member cluster is allowed.

In: labels and annotations of a Secret beside the control plane. Out: a `MemberDeclaration`, or all that is wrong
with it. What is not said is not allowed: no namespace, no network.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, TypeVar

from gatewayd.api.meta import ObjectMeta, Problem
from gatewayd.ir.member_limits import MEMBER_CIDRS, MEMBER_NAMESPACES
from gatewayd.ir.members import MemberCluster, Standing, WhenStale
from gatewayd.own_group import own

MEMBER_LABEL: Final = own("member-cluster")
"""Of a Secret: the name of the member that it is for."""
NAMESPACES: Final = own("namespaces")
POD_CIDRS: Final = own("pod-cidrs")
TRUST_ORDER: Final = own("trust-order")
REGION: Final = own("region")
WHEN_STALE: Final = own("when-stale")

DEFAULT_TRUST: Final = 100
_LABEL: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\Z")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names"""
_REGION: Final = re.compile(r"[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?\Z")
_NUMBER: Final = re.compile(r"[0-9]{1,4}\Z")
_LONGEST_ADDRESS: Final = 45
"""Characters: eight groups of IPv6, the last two written as IPv4."""
_NO_ADDRESS: Final = "is no IP address"
_AT: Final = "metadata.annotations[{}]"

Network = IPv4Network | IPv6Network
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberDeclaration:
    """A member: which namespaces it offers Services in, and where its pods are."""

    cluster: str
    namespaces: tuple[str, ...]
    networks: tuple[Network, ...]
    trust: int
    region: str
    when_stale: WhenStale

    def row(self, standing: Standing) -> MemberCluster:
        """Return what the translator is told of the member."""
        return MemberCluster(trust=self.trust, region=self.region, when_stale=self.when_stale, standing=standing)

    def problem_of(self, address: str) -> str:
        """Return why an address is none of the member's pods, "" when it is one of them."""
        # What is remembered must be short, since a member may call anything an address.
        return _outside(self.networks, address) if len(address) <= _LONGEST_ADDRESS else _NO_ADDRESS


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedDeclaration:
    """Why a Secret declares no member."""

    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        return "; ".join(map(str, self.problems))


@lru_cache(maxsize=65536)
def _outside(networks: tuple[Network, ...], address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return _NO_ADDRESS
    if any(parsed.version == each.version and parsed in each for each in networks):
        return ""
    return f"is not in the pod CIDRs of the member ({', '.join(map(str, networks))})"


def declared(metadata: ObjectMeta) -> MemberDeclaration | RefusedDeclaration:
    """Return what a Secret with the label of members declares."""
    problems: list[Problem] = []
    cluster = metadata.labels.get(MEMBER_LABEL, "")
    if not _LABEL.match(cluster):
        problems.append(
            Problem(
                path=f"metadata.labels[{MEMBER_LABEL}]",
                message=f'"{cluster[:80]}" is no name of a cluster; allowed: a DNS label, such as "west"',
            )
        )
    read = _Annotations(metadata.annotations, problems)
    declaration = MemberDeclaration(
        cluster=cluster,
        namespaces=read.listed(NAMESPACES, _namespace, MEMBER_NAMESPACES),
        networks=read.listed(POD_CIDRS, _network, MEMBER_CIDRS),
        trust=read.one(TRUST_ORDER, _trust, DEFAULT_TRUST),
        region=read.one(REGION, _region, ""),
        when_stale=read.one(WHEN_STALE, _when_stale, WhenStale.KEEP),
    )
    return RefusedDeclaration(problems=tuple(problems)) if problems else declaration


class _Annotations:
    """Reads annotations, and notes what is wrong."""

    def __init__(self, annotations: Mapping[str, str], problems: list[Problem]) -> None:
        self._annotations = annotations
        self._problems = problems

    def one(self, name: str, read: Callable[[str], T], default: T) -> T:
        """Return what an annotation says."""
        text = self._annotations.get(name, "").strip()
        return next(iter(self._read(name, (text,) if text else (), read)), default)

    def listed(self, name: str, read: Callable[[str], T], most: int) -> tuple[T, ...]:
        """Return what an annotation lists, separated by commas; one that lists nothing is a problem."""
        texts = tuple(dict.fromkeys(filter(None, map(str.strip, self._annotations.get(name, "").split(",")))))
        if not texts:
            self._wrong(name, "is missing, so nothing is allowed; it lists what is, separated by commas")
        if len(texts) > most:
            self._wrong(name, f"lists {len(texts)}; at most {most} are allowed")
        return tuple(self._read(name, texts[:most], read))

    def _read(self, name: str, texts: tuple[str, ...], read: Callable[[str], T]) -> Iterator[T]:
        for text in texts:
            try:
                yield read(text)
            except ValueError as error:
                self._wrong(name, f'"{text[:80]}" {error}')

    def _wrong(self, name: str, message: str) -> None:
        self._problems.append(Problem(path=_AT.format(name), message=message))


def _namespace(text: str) -> str:
    if not _LABEL.match(text):
        raise ValueError("is no namespace; a DNS label is allowed, and no pattern")
    return text


def _network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError("is no network; one such as 10.4.0.0/16 or fd00:4::/48 is allowed") from None
    if not network.prefixlen:
        raise ValueError("is every address; the networks of the member's pods are allowed")
    return network


def _trust(text: str) -> int:
    if not _NUMBER.match(text):
        raise ValueError("is no order; a number from 0 to 9999 is allowed, the lowest is believed first")
    return int(text)


def _region(text: str) -> str:
    if not _REGION.match(text):
        raise ValueError("is no region; letters, digits, '-', '_' and '.' are allowed, 63 at most")
    return text


def _when_stale(text: str) -> WhenStale:
    try:
        return WhenStale(text)
    except ValueError:
        raise ValueError(f"is not known; allowed: {', '.join(WhenStale)}") from None
