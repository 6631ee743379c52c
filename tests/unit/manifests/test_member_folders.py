"""Folders that stand for members, read as the rest of the folder is."""

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.ir.members import Exported, ExportKey, MemberCluster
from gatewayd.manifests.folder import Absence, Contents
from gatewayd.manifests.member_folders import ClusterFolder, member_of
from gatewayd.members import book
from gatewayd.store import Delta

SECRET = b"""
apiVersion: v1
kind: Secret
metadata:
  name: west
  namespace: gatewayd-system
  labels: {gatewayd.io/member-cluster: west}
  annotations: {gatewayd.io/namespaces: shop, gatewayd.io/pod-cidrs: 10.4.0.0/16}
"""
SAID = b"""
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceExport
metadata: {name: store, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec: {ports: [{name: web, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: store-1, namespace: shop, labels: {kubernetes.io/service-name: store}}
addressType: IPv4
ports: [{name: web, port: 8080}]
endpoints: [{addresses: [10.4.0.1]}, {addresses: [127.0.0.1]}]
"""
KEY = ExportKey("west", "shop", "store")


class Read:
    """A folder, and the rows of members that its steps leave."""

    def __init__(self) -> None:
        self.folder = ClusterFolder()
        self.rows: dict[object, object] = {}
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.deltas: tuple[Delta, ...] = ()

    def step(self, changes: dict[str, Contents]) -> None:
        step = self.folder.step(changes)
        self.deltas = step.deltas
        self.problems = [str(each) for each in step.problems]
        self.notes = [str(each) for each in step.notes]
        for each in step.deltas:
            if each.kind in (Exported, MemberCluster):
                self.rows[each.key] = each.obj
        self.rows = {key: obj for key, obj in self.rows.items() if obj is not None}


def read() -> Read:
    found = Read()
    found.step({"west.yaml": SECRET, "west.member/store.yaml": SAID})
    return found


def test_which_member_a_file_is_of() -> None:
    assert member_of("a/west.member/b/store.yaml") == "west"
    assert member_of("a/west.member.yaml") == ""
    assert member_of("store.yaml") == ""


def test_what_a_member_says() -> None:
    found = read()
    assert found.problems == []
    row = found.rows[KEY]
    assert isinstance(row, Exported)
    assert [each.address for each in row.ports[0].endpoints] == ["10.4.0.1"]
    assert row.left_out == ("127.0.0.1 is not in the pod CIDRs of the member (10.4.0.0/16)",)
    (note,) = found.notes
    said = "left out: 127.0.0.1 is not in the pod CIDRs of the member (10.4.0.0/16)"
    assert note == f"west.member/store.yaml:2: ServiceExport shop/store: {said}"
    assert found.folder.documents["west.member/store.yaml"] == 3
    kinds = {each.kind.__name__ for each in found.deltas}
    assert not kinds & {"Service", "EndpointSlice", "ServiceExport"}


def test_the_order_does_not_matter() -> None:
    found = Read()
    found.step({"west.member/store.yaml": SAID})
    assert found.rows == {}
    assert "no Secret with the label gatewayd.io/member-cluster: west" in found.problems[0]
    found.step({"west.yaml": SECRET})
    assert (found.rows, found.problems) == (read().rows, [])


def test_a_member_that_is_declared_no_more_goes() -> None:
    found = read()
    found.step({"west.yaml": Absence.GONE})
    assert found.rows == {}


def test_what_it_says_no_more_goes() -> None:
    found = read()
    found.step({"west.member/store.yaml": SAID.replace(b"10.4.0.1", b"10.4.0.9")})
    row = found.rows[KEY]
    assert isinstance(row, Exported)
    assert row.ports[0].endpoints[0].address == "10.4.0.9"
    found.step({"west.member/store.yaml": Absence.GONE})
    assert list(found.rows) == ["west"]


def test_what_it_says_is_read_again_only_when_that_or_its_declaration_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read()
    rows, notes = dict(found.rows), found.notes
    puts: list[object] = []
    put = book.Book.put

    def counted(self: book.Book, table: type, key: ObjectKey, obj: object | None) -> tuple[ObjectKey, ...]:
        puts.append(key)
        return put(self, table, key, obj)

    monkeypatch.setattr(book.Book, "put", counted)
    found.step({"other.yaml": b"{apiVersion: v1, kind: Service, metadata: {name: a, namespace: b}, spec: {}}"})
    assert puts == []
    assert notes
    assert (found.rows, found.notes) == (rows, notes)
    assert not {each.kind for each in found.deltas} & {Exported, MemberCluster}
    found.step({"west.yaml": SECRET.replace(b"shop,", b"shop, gatewayd.io/trust-order: '7',")})
    assert puts
    assert found.rows != rows


def test_a_member_has_no_other_say() -> None:
    found = read()
    found.step(
        {
            "west.member/gateway.yaml": b"""
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: theirs, namespace: shop}
spec: {gatewayClassName: gatewayd, listeners: [{name: http, port: 80, protocol: HTTP}]}
"""
        }
    )
    (problem,) = found.problems
    assert "Gateway shop/theirs: is not read of a member; allowed: Service, EndpointSlice, ServiceExport" in problem
    assert not any(each.kind.__name__ == "Gateway" for each in found.deltas)


def test_a_bad_declaration_is_said_where_it_stands() -> None:
    found = Read()
    found.step({"west.yaml": SECRET.replace(b"10.4.0.0/16", b"0.0.0.0/0"), "west.member/store.yaml": SAID})
    assert found.rows == {}
    assert any(
        each.startswith("west.yaml:2: Secret gatewayd-system/west: metadata.annotations") for each in found.problems
    )


def test_too_much_is_said_and_what_was_there_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read()
    before = dict(found.rows)
    monkeypatch.setattr(book, "MEMBER_ENDPOINTS", 0)
    found.step({"west.member/store.yaml": SAID.replace(b"10.4.0.1", b"10.4.0.9")})
    assert found.rows == before
    assert any("it has 2 endpoints; at most 0 are allowed" in each for each in found.problems)
