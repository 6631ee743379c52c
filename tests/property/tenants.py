"""Two teams on one Gateway, each with an object of every kind; and an engine that fails on whatever is one team's."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, TypeVar

from gatewayd import translator
from gatewayd.api.meta import ObjectKey
from gatewayd.incremental.engine import Engine
from gatewayd.incremental.view import Attempt, Index, Query, Source
from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.ir.members import (
    Exported,
    ExportedEndpoint,
    ExportedPort,
    ExportKey,
    MemberCluster,
    Standing,
    WhenStale,
)
from gatewayd.ir.tls import Certificate, PrivateBytes
from gatewayd.store import Delta
from gatewayd.translator.declarations import INDEXES, OUTPUTS
from tests.property.shared_manifests import SHARED
from tests.property.tenant_manifests import TEAM
from tests.unit.translator import pem
from tests.unit.translator.manifests import deltas
from tests.unit.translator.test_refused_secrets import refused_by

T = TypeVar("T")
TEAMS = ("ann", "bob")


@cache
def shared() -> tuple[Delta, ...]:
    """Return what belongs to neither team."""
    objects = deltas(
        SHARED, pem.good_secret("cert", "infra"), pem.bundle("roots", pem.certificate_of(pem.ec_key()), "infra")
    )
    here = Delta(kind=Environment, key=HERE, obj=replace(DEFAULT_ENVIRONMENT, keeps_source=True))
    west = MemberCluster(trust=100, region="", when_stale=WhenStale.KEEP, standing=Standing.CURRENT)
    return (
        here,
        Delta(kind=MemberCluster, key="west", obj=west),
        *objects,
        refused_by(ObjectKey("infra", "gw"), Certificate(name="gone", chain=b"", key=PrivateBytes(b""))),
    )


@cache
def team(name: str, edit: int) -> tuple[Delta, ...]:
    """Return the objects of a team after so many edits of every one of them."""
    return (*deltas(*team_texts(name, edit)), exported(name, edit))


def exported(name: str, edit: int) -> Delta:
    """Return what the member cluster offers of a team's store."""
    endpoint = ExportedEndpoint(f"10.9.{TEAMS.index(name)}.{edit}", 8080, ready=True)
    port = ExportedPort(number=80, transport="TCP", app_protocol="", endpoints=(endpoint,))
    row = Exported(cluster="west", namespace=name, name="store", created="", ports=(port,))
    return Delta(kind=Exported, key=ExportKey("west", name, "store"), obj=row)


@cache
def team_texts(name: str, edit: int) -> tuple[str, ...]:
    """Return the manifests of a team after so many edits."""
    number = TEAMS.index(name)
    text = TEAM.replace("NS", name).replace("EDIT", f"edit{edit}").replace("PORT", str(9000 + number))
    text = text.replace("NUMBER", str(edit))
    text = text.replace("ADDRESS", str(100 * number + edit)).replace("generation: 1", f"generation: {edit}")
    text = text.replace("TARGET", "secure").replace("percent: 30", f"percent: {30 + edit}")
    key = pem.ec_key(10 * number + edit)
    chain = pem.certificate_of(key, f"*.{name}.example")
    secret = pem.secret("cert", chain, pem.pem_of(key), name)
    return (
        text,
        secret.replace("tls.crt", f'ca.crt: "{pem.encoded(chain)}", tls.crt'),
        pem.bundle("roots", chain, name),
        pem.bundle("revoked", pem.revoked_by(key, f"*.{name}.example", edit), name).replace("ca.crt", "ca.crl"),
        pem.cluster_bundle(f"{name}-roots", chain),
    )


def is_of(value: object, name: str) -> bool:
    """Return whether a key, or what it is made of, is a team's: by namespace, by hostname, or by name."""
    if isinstance(value, str):
        return value in (name, f"{name}.example") or value.startswith((f"{name}/", f"{name}-")) or f".{name}." in value
    if isinstance(value, tuple | frozenset):
        return any(is_of(each, name) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        return any(is_of(getattr(value, each.name), name) for each in fields(value))
    return False


class Fault(Exception):  # noqa: N818 - short for the tests
    """What is raised."""


Site = Query[Any, Any] | Index | str
"""A query, the filing of an index, or (by its name) a part of a query that may fail by itself."""


class FaultyEngine(Engine):
    """An engine in which one site fails for one team, while it is armed. It knows the sites that it has come by."""

    def __init__(self) -> None:
        super().__init__(INDEXES, OUTPUTS)
        self.site: Site | None = None
        self.victim = ""
        self.sites: dict[Site, int] = {}
        self.raised = 0
        for index, tables in self._keys.items():
            self._keys[index] = {table: self._filing(index, keys) for table, keys in tables.items()}

    def come_by(self, site: Site, key: object) -> None:
        """Fail, when it is this site's turn and the key is the victim's."""
        self.sites[site] = self.sites.get(site, 0) + 1
        if site == self.site and is_of(key, self.victim):
            self.raised += 1
            raise Fault

    def _computed(self, query: Query[Any, Any], key: Any) -> Any:
        self.come_by(query, key)
        return super()._computed(query, key)

    def attempt(self, at: Attempt, run: Callable[[], T], bad: Callable[[Exception], T]) -> T:
        def tried() -> T:
            self.come_by(at.name, at.key)
            return run()

        return super().attempt(at, tried, bad)

    def _filing(self, index: Index, keys: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def filed(value: Any) -> Any:
            self.come_by(index, value)
            return keys(value)

        return filed


def named(site: Site) -> str:
    """Return how a site is called in a report of tests."""
    return site if isinstance(site, str) else f"{type(site).__name__.lower()} {site.name}"


def declared() -> Iterator[Query[Any, Any]]:
    """Yield every query of the translator, by looking into its modules."""
    for found in pkgutil.walk_packages(translator.__path__, "gatewayd.translator."):
        module = importlib.import_module(found.name)
        yield from (each for each in vars(module).values() if isinstance(each, Query))
    sources = (source for each in (*INDEXES, *OUTPUTS) for source in each.sources)
    yield from (source.query for source in sources if isinstance(source, Source))
