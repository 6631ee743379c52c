from gatewayd.convert.fates import Fate, Fidelity, Item
from gatewayd.convert.source import source_object
from gatewayd.manifests.documents import parse_file

TEXT = b"""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  annotations:
    nginx.ingress.kubernetes.io/auth-url: a
"""


def test_an_item_stands_at_the_line_of_its_field() -> None:
    [document] = parse_file("a.yaml", TEXT).documents
    source = source_object(document)
    assert source is not None
    path = 'metadata.annotations["nginx.ingress.kubernetes.io/auth-url"]'

    item = Item.of(source, Fate(path=path, fidelity=Fidelity.LOST, message="no"))

    assert (item.file, item.line, item.object) == ("a.yaml", 7, "Ingress default/shop")


def test_what_opens_a_door_is_a_protection_that_is_lost() -> None:
    lost = Fate(path="a", fidelity=Fidelity.LOST, message="", protects=True)
    there = Fate(path="a", fidelity=Fidelity.EXACT, message="", protects=True)
    unimportant = Fate(path="a", fidelity=Fidelity.LOST, message="")
    assert [each.opens for each in (lost, there, unimportant)] == [True, False, False]
