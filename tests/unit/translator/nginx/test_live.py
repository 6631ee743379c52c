import pytest

from gatewayd.translator.nginx.annotations import NginxAnnotations, annotation_path
from gatewayd.translator.nginx.fates import Fidelity
from gatewayd.translator.nginx.known import READERS
from gatewayd.translator.nginx.live import SECTIONS, LiveAnnotations, live
from tests.unit.translator.nginx.hostile import ALONE, CANARIES, HOSTILE, WITH


def read(*, strict: bool = True, **values: str) -> LiveAnnotations:
    named = {name.replace("_", "-"): value for name, value in values.items()}
    return live(NginxAnnotations(namespace="shop", values=named), strict=strict)


@pytest.mark.parametrize(
    ("values", "strict", "closes"),
    [
        ({"auth_tls_secret": "a"}, True, True),
        ({"auth_tls_secret": "a"}, False, True),
        ({"super_auth": "a"}, True, True),
        ({"super_auth": "a"}, False, False),
        ({"colour": "a"}, True, False),
        ({"auth_url": "http://elsewhere.example"}, False, True),
    ],
)
def test_a_lost_protection_closes_and_one_that_nobody_knows_where_it_is_strict(
    values: dict[str, str], *, strict: bool, closes: bool
) -> None:
    found = read(strict=strict, **values)
    assert bool(found.closing) == closes
    assert not set(found.closing) & set(found.lost)


def test_hosts_of_others_are_not_had() -> None:
    [fate] = read(from_to_www_redirect="true").lost
    assert "hosts are those of rules" in fate.message


@pytest.mark.parametrize(
    ("names", "fidelity", "said"),
    [
        ("b.example, c.example", Fidelity.APPROXIMATE, "further hosts for the paths of this Ingress"),
        ("b.example, *.example", Fidelity.LOST, "*.example is no name of a host"),
        (",".join(f"h{at}.example" for at in range(10)), Fidelity.LOST, "10 hosts; 9 are served"),
    ],
)
def test_further_hosts(names: str, fidelity: Fidelity, said: str) -> None:
    [fate] = read(server_alias=names).fates
    assert fate.fidelity is fidelity
    assert said in fate.message


@pytest.mark.parametrize("name", [*ALONE, *WITH, *CANARIES])
def test_no_value_stops_anybody_and_each_is_told(name: str) -> None:
    for value in HOSTILE:
        found = read(**{**WITH.get(name, {}), "canary_by_header": "env", name.replace("-", "_"): value})
        assert annotation_path(name) in {fate.path for fate in found.fates}, value
        assert read(canary="true", **{name.replace("-", "_"): value}).canary is not None


def test_a_canary_is_one_by_its_value() -> None:
    found = read(canary="true", canary_weight="10")
    assert found.is_canary
    assert found.canary is not None
    assert found.canary.weight == 10
    assert found.lost == ()
    assert not read(canary="false", canary_weight="10").is_canary


@pytest.mark.parametrize(
    ("spoken", "http2", "tls", "fidelity"),
    [
        ("HTTP", False, False, Fidelity.EXACT),
        ("GRPC", True, False, Fidelity.EXACT),
        ("HTTPS", False, True, Fidelity.MANUAL),
        ("grpcs", True, True, Fidelity.MANUAL),
        ("FCGI", False, False, Fidelity.LOST),
    ],
)
def test_what_backends_speak(spoken: str, fidelity: Fidelity, *, http2: bool, tls: bool) -> None:
    found = read(backend_protocol=spoken)
    assert (found.wants_http2, found.wants_tls, found.fates[0].fidelity) == (http2, tls, fidelity)


def test_all_sections_that_readers_make_have_an_annotation() -> None:
    every = {name: "1" for names in SECTIONS.values() for name in names} | {
        "auth-type": "basic",
        "auth-secret": "users",
        "auth-url": "http://auth",
        "proxy-next-upstream": "error",
    }
    effect = live(NginxAnnotations(namespace="shop", values=every), strict=True).effect
    ranges = live(NginxAnnotations(namespace="shop", values={"denylist-source-range": "10.0.0.1"}), strict=True).effect
    made = {*effect.access, *effect.passage, *effect.backend, *ranges.access}
    assert made == set(SECTIONS)
    assert READERS
