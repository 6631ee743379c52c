from gatewayd.cli.verification import verified
from gatewayd.convert.journeys import Probe, ToBackends, WithStatus
from gatewayd.convert.verification import OtherEnding
from gatewayd.manifests.documents import parse_file
from tests.unit.convert.ingresses import converted, ingress

TEXT = ingress("shop", "/a")


def test_what_is_served_is_what_was_served() -> None:
    result = verified(parse_file("a.yaml", TEXT.encode()).documents, converted(TEXT).objects)
    assert (result.asked == result.compared, result.differences) == (True, ())


def test_what_ends_elsewhere_is_told() -> None:
    objects = converted(TEXT.replace("/a", "/b")).objects
    result = verified(parse_file("a.yaml", TEXT.encode()).documents, objects)
    expected = OtherEnding(
        probe=Probe(scheme="http", host="shop.example", path="/a"),
        before=ToBackends(shares=(("shop/web", 1000),), path="/a"),
        after=WithStatus(status=404),
    )
    assert expected in result.differences
    assert str(expected) == "http://shop.example/a: was shop/web (100 %) with the path /a, is 404"


def test_what_is_lost_is_not_compared() -> None:
    closed = ingress("shop", "/a", server_snippet="deny all;")
    result = verified(parse_file("a.yaml", closed.encode()).documents, converted(closed).objects)
    assert result.compared < result.asked
    assert result.differences == ()
