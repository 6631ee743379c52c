from gatewayd.ir.outcome import Address, IngressOutcome
from gatewayd.status.ingress import ingress_status
from gatewayd.status.merge import merge


def outcome(*addresses: Address) -> IngressOutcome:
    return IngressOutcome(generation=1, parents=(), addresses=addresses)


IP = Address(type="IPAddress", value="10.0.0.1", routability=None)
NAME = Address(type="Hostname", value="lb.example", routability=None)


def test_addresses_are_those_of_a_load_balancer() -> None:
    assert ingress_status(outcome(IP, NAME)) == {
        "loadBalancer": {"ingress": [{"ip": "10.0.0.1"}, {"hostname": "lb.example"}]}
    }


def test_without_an_address_a_status_is_what_the_api_server_made_it() -> None:
    assert merge({"loadBalancer": {}}, outcome(), now="", controller="") is None


def test_addresses_of_before_are_replaced() -> None:
    live = {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}}

    assert merge(live, outcome(IP), now="", controller="") == ingress_status(outcome(IP))
    assert merge(live, None, now="", controller="") is None
