import json

from gatewayd.agent.pods import NodePods
from gatewayd.api.meta import ObjectKey
from gatewayd.kube.owned_watch import OwnedObject
from gatewayd.store import Synced

KEY = ObjectKey("blog", "reader")


def pod(*addresses: str, phase: str = "Running", host: bool = False) -> bytes:
    status = {"phase": phase, "podIPs": [{"ip": each} for each in addresses]}
    return json.dumps({"metadata": {"name": "reader"}, "spec": {"hostNetwork": host}, "status": status}).encode()


class Heard:
    def __init__(self) -> None:
        self.changes = 0
        self.pods = NodePods(self._changed)
        self.list()

    def list(self) -> None:
        self.pods.listed((Synced(kind=OwnedObject),))
        self.changes = 0

    def _changed(self) -> None:
        self.changes += 1


def test_addresses_are_those_of_pods_that_run() -> None:
    heard = Heard()
    heard.pods.hear(KEY, json.dumps({"metadata": {}}).encode())
    assert heard.changes == 0
    heard.pods.hear(KEY, pod("10.244.0.5", "fd00::5"))
    assert heard.pods.namespaces == {"10.244.0.5": "blog", "fd00::5": "blog"}
    heard.pods.hear(KEY, pod("10.244.0.5", "fd00::5"))
    assert heard.changes == 1
    heard.pods.hear(KEY, pod("10.244.0.5", phase="Succeeded"))
    assert (heard.pods.namespaces, heard.changes) == ({}, 2)
    heard.pods.hear(KEY, None)
    assert heard.changes == 2


def test_pods_with_the_address_of_their_node_are_left_out() -> None:
    heard = Heard()
    heard.pods.hear(KEY, pod("10.0.0.1", host=True))
    assert heard.pods.namespaces == {}


def test_what_nobody_watches_is_forgotten() -> None:
    heard = Heard()
    heard.pods.hear(KEY, pod("10.244.0.5"))
    heard.pods.forget()
    assert (heard.pods.namespaces, heard.changes) == ({}, 2)
    heard.pods.hear(KEY, None)
    heard.pods.hear(KEY, pod("10.244.0.5"))
    assert heard.pods.namespaces == {"10.244.0.5": "blog"}


def test_nobody_hears_of_some_pods_before_all_have_been_listed() -> None:
    heard = Heard()
    heard.pods.forget()
    heard.changes = 0
    heard.pods.hear(KEY, pod("10.244.0.5"))
    heard.pods.listed(())
    assert heard.changes == 0
    heard.pods.listed((Synced(kind=OwnedObject),))
    assert heard.changes == 1
    heard.pods.hear(KEY, pod("10.244.0.6"))
    assert heard.changes == 2
