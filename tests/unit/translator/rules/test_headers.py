import pytest

from gatewayd.api.filters import HeaderModifier, HTTPHeader
from gatewayd.api.routepolicy import HeaderFrom, PolicyHeaderModifier
from gatewayd.ir.filters import CopiedHeader, Header, HeaderChanges, RequestValue
from gatewayd.ir.reserved import NAMES, PREFIXES
from gatewayd.translator.problems import Unsupported
from gatewayd.translator.rules.headers import Side, modified

RESERVED = (*NAMES, "Content-Length", "CONTENT-LENGTH", "Transfer_Encoding", *(f"{each}a" for each in PREFIXES))
MODIFIERS = {
    "set[0].name": lambda name: HeaderModifier(set=(HTTPHeader(name=name, value="1"),)),
    "add[0].name": lambda name: HeaderModifier(add=(HTTPHeader(name=name, value="1"),)),
    "remove[0]": lambda name: HeaderModifier(remove=(name,)),
}


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("field", MODIFIERS)
@pytest.mark.parametrize("name", RESERVED)
def test_what_frames_a_message_or_belongs_to_the_connection_is_refused(side: Side, field: str, name: str) -> None:
    found = modified("here", MODIFIERS[field](name), side)

    assert isinstance(found, Unsupported)
    assert found.message.startswith(f'here.{field}: header "{name}" ')
    assert found.message.endswith("; headers of the message itself are allowed")


@pytest.mark.parametrize("name", [":path", ":authority", ":status", ":"])
def test_a_pseudo_header_cannot_be_removed(name: str) -> None:
    found = modified("here", HeaderModifier(remove=(name,)), Side.REQUEST)
    assert found == Unsupported(
        f'here.remove[0]: header "{name}" is a pseudo-header, a part of the request line;'
        " headers of the message itself are allowed"
    )


def test_the_host_of_a_request_can_be_set() -> None:
    found = modified("here", MODIFIERS["set[0].name"]("Host"), Side.REQUEST)
    assert found == HeaderChanges(set=(Header(name="Host", value="1"),), add=(), remove=())


@pytest.mark.parametrize(
    ("side", "field"),
    [(Side.REQUEST, "add[0].name"), (Side.REQUEST, "remove[0]"), *((Side.RESPONSE, field) for field in MODIFIERS)],
)
@pytest.mark.parametrize("name", ["Host", "host", "HOST"])
def test_nothing_else_can_be_done_to_a_host(side: Side, field: str, name: str) -> None:
    found = modified("here", MODIFIERS[field](name), side)
    assert found == Unsupported(
        f'here.{field}: header "{name}" says which host is asked; set in a RequestHeaderModifier is allowed'
    )


@pytest.mark.parametrize("value", ["a.example", "A_b.example:8080", "10.0.0.1", "[::1]:8443", "~user"])
def test_hosts(value: str) -> None:
    written = HeaderModifier(set=(HTTPHeader(name="HOST", value=value),))
    assert isinstance(modified("here", written, Side.REQUEST), HeaderChanges)


@pytest.mark.parametrize("value", ["a b", "a/b", "user@a", "a:b", "a:123456", "a,b", "a?b", "a#b", "::1", '"a"', "%61"])
def test_what_is_no_host(value: str) -> None:
    written = HeaderModifier(set=(HTTPHeader(name="x-a", value="1"), HTTPHeader(name="Host", value=value)))
    found = modified("here", written, Side.REQUEST)
    assert isinstance(found, Unsupported)
    assert found.message.startswith("here.set[1].value: ")


def test_a_name_to_remove_that_is_no_header_name() -> None:
    # The CRD leaves these names open; Envoy would refuse the whole table.
    found = modified("here", HeaderModifier(remove=("ok", "not a name")), Side.RESPONSE)
    assert found == Unsupported("here.remove[1]: 'not a name' is not a header name")


def test_a_value_may_come_from_the_request() -> None:
    written = PolicyHeaderModifier(
        set_from=(HeaderFrom(name="x-ip", property="ClientAddress"), HeaderFrom(name="x-copy", header="x-in"))
    )
    assert modified("here", written, Side.REQUEST) == HeaderChanges(
        set=(),
        add=(),
        remove=(),
        copied=(
            CopiedHeader(name="x-ip", source=RequestValue.CLIENT_ADDRESS),
            CopiedHeader(name="x-copy", source="x-in"),
        ),
    )


@pytest.mark.parametrize("name", ["Host", *NAMES])
def test_nor_may_what_is_copied_frame_a_message(name: str) -> None:
    found = modified("here", PolicyHeaderModifier(set_from=(HeaderFrom(name=name, property="Path"),)), Side.REQUEST)
    assert isinstance(found, Unsupported)
    assert found.message.startswith("here.setFrom[0].name: ")
