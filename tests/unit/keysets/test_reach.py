import pytest

from gatewayd.ir.backend import Endpoint
from gatewayd.keysets.reach import EndpointsAlone, InternetAlone, UnreachableError, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
    ],
)
def test_what_is_within_is_not_of_the_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_what_is_of_the_internet(address: str) -> None:
    assert is_public(address)


async def test_a_name_that_leads_within_leads_nowhere() -> None:
    with pytest.raises(UnreachableError, match="within a private network"):
        await InternetAlone().resolve("127.0.0.1", 443)


async def test_a_backend_is_its_endpoints_whatever_the_name() -> None:
    one, two, gone = (Endpoint(address=each, port=80, draining=each == "::3") for each in ("::1", "10.0.0.2", "::3"))
    found = await EndpointsAlone((one, two, gone)).resolve("idp.example", 443)
    assert [(each["host"], each["port"]) for each in found] == [("::1", 80), ("10.0.0.2", 80)]
    assert [each["host"] for each in await EndpointsAlone((gone,)).resolve("x")] == ["::3"]
    with pytest.raises(UnreachableError, match=r"^the backend has no endpoints"):
        await EndpointsAlone(()).resolve("idp.example")
