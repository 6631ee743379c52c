"""The one table of where no proxy is sent to, tried in every spelling."""

import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.translator.backends.destinations import LOOPBACK, METADATA, address_is, address_problem, hostname_problem

FORBIDDEN = {
    "127.0.0.1": LOOPBACK,
    "127.255.255.254": LOOPBACK,
    "0.0.0.0": "unspecified",
    "0.1.2.3": "unspecified",
    "169.254.169.254": "link-local",
    "100.100.100.200": METADATA,
    "168.63.129.16": METADATA,
    "192.0.0.192": METADATA,
    "224.0.0.1": "multicast",
    "239.255.255.255": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
}
CARRIERS = {
    "mapped": lambda v4: IPv6Address((0xFFFF << 32) + v4),
    "compatible": IPv6Address,
    "translated": lambda v4: IPv6Address((0xFFFF << 48) + v4),
    "nat64": lambda v4: IPv6Address(int(IPv6Address("64:ff9b::")) + v4),
    "6to4": lambda v4: IPv6Address((0x2002 << 112) + (v4 << 80) + 1),
    "teredo server": lambda v4: IPv6Address((0x20010000 << 96) + (v4 << 64) + (~0x08080808 & 0xFFFFFFFF)),
    "teredo client": lambda v4: IPv6Address((0x20010000 << 96) + (0x08080808 << 64) + (~v4 & 0xFFFFFFFF)),
}


@pytest.mark.parametrize(("address", "what"), FORBIDDEN.items())
def test_addresses_of_ipv4(address: str, what: str) -> None:
    assert address_is(address) == what


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("address", FORBIDDEN)
def test_the_same_within_an_address_of_ipv6(address: str, carrier: str) -> None:
    carried = str(CARRIERS[carrier](int(IPv4Address(address))))
    assert address_problem(carried, loopback=False) is not None
    assert address_problem(carried.upper(), loopback=False) is not None


@pytest.mark.parametrize("carrier", CARRIERS)
def test_what_carries_a_good_address_is_good(carrier: str) -> None:
    assert address_is(str(CARRIERS[carrier](int(IPv4Address("10.0.0.1"))))) == ""


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("::1", LOOPBACK),
        ("0:0:0:0:0:0:0:1", LOOPBACK),
        ("::", "unspecified"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("2001:db8::1%lo", "link-local"),
        ("fec0::1", "reserved"),
        ("ff02::1", "multicast"),
        ("fd00:ec2::254", METADATA),
        ("fd00:ec2::23", METADATA),
        ("fd20:ce::254", METADATA),
        ("64:ff9b:1::7f00:1", "of a local translation to IPv4"),
        ("100::1", "reserved"),
        ("4000::1", "reserved"),
        ("::ffff:127.0.0.1", LOOPBACK),
        ("64:ff9b::169.254.169.254", "link-local"),
    ],
)
def test_addresses_of_ipv6(address: str, what: str) -> None:
    assert address_is(address) == what


@pytest.mark.parametrize(
    "address", ["nonsense", "", "0177.0.0.1", "127.1", "2130706433", "10.0.0.1 ", "\uff1127.0.0.1"]
)
def test_what_is_no_address(address: str) -> None:
    assert address_problem(address, loopback=True) == f'"{address}" is no IP address; one of a host is allowed'


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "100.64.0.1", "8.8.8.8", "fd00::1", "2001:db8::1"])
def test_addresses_of_other_hosts(address: str) -> None:
    assert address_problem(address, loopback=False) is None


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_alone_on_a_machine_loopback_is_allowed_and_nothing_else(address: str) -> None:
    assert address_problem(address, loopback=True) is None
    assert address_problem(address, loopback=False) == f"{address} is loopback; addresses of other hosts are allowed"
    assert address_problem("169.254.169.254", loopback=True) is not None


@given(st.ip_addresses())
def test_every_address_has_an_answer(address: IPv4Address | IPv6Address) -> None:
    known = address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    assert address_problem(str(address), loopback=False) or not known


@pytest.mark.parametrize(
    "hostname",
    [
        *("127.0.0.1", "10.0.0.1", "8.8.8.8", "8.8.8.8.", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1"),
        *("0X7F.1", "0177.0.0.1", "017700000001", "0x7f.0.0.0x1", "127.0.0.1.", "0x", "a.b.0", "a.0x7f", "[::1]"),
        *("::1", "fe80::1%eth0", "::ffff:7f00:1", "\uff1127.0.0.1", "127\u30020\u30020\u30021", "", ".", "a..example"),
        *(
            "localhost",
            "LOCALHOST",
            "localhost.",
            "localhost..",
            "a.localhost",
            "A.LocalHost.",
            "localhost.localdomain",
        ),
        *("localhost6", "ip6-localhost", "ip6-loopback", "a.localdomain", "cart", "kubernetes"),
        *(
            "cart.shop.svc",
            "cart.shop.svc.",
            "CART.shop.SVC",
            "cart.shop.svc.cluster.local",
            "cart.shop.svc.k8s.internal",
        ),
        *("cluster.local", "a.cluster.local", "10-0-0-1.shop.pod", "127-0-0-1.shop.pod.k8s.internal"),
        *("metadata.google.internal", "Metadata.Google.Internal.", "instance-data.ec2.internal"),
    ],
)
def test_names_that_a_cluster_refuses(hostname: str) -> None:
    problem = hostname_problem(hostname, loopback=False)
    assert problem is not None
    assert problem.startswith(f'"{hostname}" ')
    assert problem.endswith("; a DNS name of a host elsewhere is allowed")


_PARTS = st.one_of(
    st.integers(0, 2**32 - 1).map(str),
    st.integers(0, 2**32 - 1).map(hex),
    st.integers(0, 2**32 - 1).map(lambda number: f"0{number:o}"),
    st.integers(0, 255).map(str),
)


@given(st.lists(_PARTS, min_size=1, max_size=4), st.booleans(), st.booleans())
def test_no_spelling_that_the_c_library_reads_as_an_address(parts: list[str], dot: bool, upper: bool) -> None:  # noqa: FBT001
    name = ".".join(parts)
    try:
        socket.inet_aton(name)
    except OSError:
        return
    spelt = (name.upper() if upper else name) + ("." if dot else "")
    assert hostname_problem(spelt, loopback=False) is not None


@pytest.mark.parametrize(
    "hostname",
    [
        *("api.example", "api.example.", "API.example", "1.api.example", "127.0.0.1.api.example", "localhost.example"),
        *("svc.example", "cart.payments", "pod.example", "a.pod.example", "xn--bcher-kva.example", "0x7f.example"),
    ],
)
def test_names_of_hosts_elsewhere(hostname: str) -> None:
    assert hostname_problem(hostname, loopback=False) is None


@pytest.mark.parametrize(
    "hostname", ["localhost", "db", "cart.shop.svc", "127.0.0.1", "::1", "10.0.0.1", "api.example"]
)
def test_alone_on_a_machine_its_own_names_are_allowed(hostname: str) -> None:
    assert hostname_problem(hostname, loopback=True) is None


@pytest.mark.parametrize("hostname", ["169.254.169.254", "0x7f.1", "2852039166", "fe80::1", "240.0.0.1", "a b:1"])
def test_alone_on_a_machine_addresses_are_judged_as_those_of_slices(hostname: str) -> None:
    problem = hostname_problem(hostname, loopback=True)
    assert problem is not None
    assert problem.endswith("; a DNS name is allowed")


def test_what_is_wrong_is_said() -> None:
    said = [hostname_problem(each, loopback=False) for each in ("127.0.0.1", "127.1", "localhost", "cart", "a.b.svc")]
    assert [(each or "").partition(";")[0] for each in said] == [
        '"127.0.0.1" is an address (loopback)',
        '"127.1" is an address in another spelling',
        '"localhost" is the proxy\'s own machine',
        '"cart" has no dot, so that it is a name within the cluster',
        '"a.b.svc" is a name within the cluster',
    ]
