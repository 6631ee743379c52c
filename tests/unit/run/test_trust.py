from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gatewayd.identity.authority import founded
from gatewayd.identity.certificates import LEAF_LIFETIME, Subject, issue, make_ca
from gatewayd.run.trust import Trust

NOW: Final = datetime.now(UTC)
SUBJECT: Final = Subject(common_name="gatewayd", dns_names=("gatewayd.gatewayd-system.svc",), uris=())


def trust() -> Trust:
    return Trust(founded(NOW), "gatewayd.gatewayd-system.svc")


def test_the_same_ca_changes_nothing() -> None:
    found = trust()
    before = found.certificates()
    found.follow(found.authority)
    assert found.certificates() == before
    assert before.client_authorities == found.authority.bundle


def test_a_ca_that_more_is_believed_of_is_followed() -> None:
    found = trust()
    more = replace(found.authority, successor=make_ca(NOW))
    found.follow(more)
    assert found.certificates().client_authorities == more.bundle


def test_a_certificate_that_is_due_is_renewed() -> None:
    found = trust()
    old = issue(found.authority.signing, SUBJECT, NOW - LEAF_LIFETIME + timedelta(days=1))
    found._pair = old
    found.follow(found.authority)
    assert found.certificates().chain != old.certificate
