from gatewayd.translator.nginx.aliases import alias_fates, aliases
from gatewayd.translator.nginx.annotations import NginxAnnotations
from gatewayd.translator.nginx.fates import Fidelity


def written(text: str) -> NginxAnnotations:
    return NginxAnnotations(namespace="shop", values={"server-alias": text})


def test_further_names_are_those_that_are_names() -> None:
    assert aliases(written("A.example, -, b.example")) == ("a.example", "b.example")


def test_what_is_no_name_is_lost() -> None:
    assert [fate.fidelity for fate in alias_fates(written("a.example"))] == [Fidelity.EXACT]
    [fate] = alias_fates(written("-"))
    assert (fate.fidelity, fate.message) == (Fidelity.LOST, "- is no name of a host, and is not served")
