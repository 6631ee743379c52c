import base64

from gatewayd.convert.stand_ins import StandInCertificate, stand_ins
from tests.unit.convert.ingresses import converted, ingress, tls

PAIR = StandInCertificate(certificate=b"c", key=b"k")


def test_services_and_secrets_stand_for_what_is_elsewhere() -> None:
    done = converted(ingress("shop", "/a", spec=tls("shop.example")), ingress("other", "/b").replace("80", "81"))
    service, secret = stand_ins(done.objects, PAIR)
    assert (service["kind"], service["metadata"]) == ("Service", {"name": "web", "namespace": "shop"})
    assert [each["port"] for each in service["spec"]["ports"]] == [80, 81]
    assert (secret["kind"], secret["metadata"]) == ("Secret", {"name": "cert", "namespace": "shop"})
    assert base64.b64decode(secret["data"]["tls.key"]) == b"k"


def test_nothing_needs_nothing() -> None:
    assert stand_ins((), PAIR) == ()


def test_who_is_asked_for_users_has_some() -> None:
    done = converted(ingress(auth_type="basic", auth_secret="users"))
    assert ("Secret", "users") in [(each["kind"], each["metadata"]["name"]) for each in stand_ins(done.objects, PAIR)]


def test_a_server_that_says_who_may_come_in_stands_there() -> None:
    done = converted(ingress(auth_url="http://login.team.svc/check"))
    stood = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in stand_ins(done.objects, PAIR)]
    assert ("team", "login") in stood
