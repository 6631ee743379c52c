from dataclasses import replace

from gatewayd.ir.environment import DEFAULT_ENVIRONMENT, HERE, Environment
from gatewayd.own_group import CONTROLLER
from gatewayd.store import Delta, Store


def test_in_a_cluster_no_way_leads_into_the_proxy_itself() -> None:
    assert DEFAULT_ENVIRONMENT.controller == CONTROLLER
    assert not DEFAULT_ENVIRONMENT.loopback_backends
    assert not DEFAULT_ENVIRONMENT.external_names
    assert not DEFAULT_ENVIRONMENT.standalone


def test_there_is_one_environment() -> None:
    store = Store(indexes=(), outputs=(), awaited=())
    for each in (DEFAULT_ENVIRONMENT, replace(DEFAULT_ENVIRONMENT, standalone=True)):
        store.apply((Delta(kind=Environment, key=HERE, obj=each),))
    assert [row.standalone for _, row in store.engine.rows(Environment)] == [True]
