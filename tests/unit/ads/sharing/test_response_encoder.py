"""Responses as bytes, read back by the generated code."""

from envoy.service.discovery.v3 import discovery_pb2
from hypothesis import given
from hypothesis import strategies as st

from gatewayd.ads.sharing.response_encoder import Envelope, Mode, ResponseContent, state_version
from gatewayd.xds.resource import ENDPOINT, Resource, TypeUrl, resource

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def content(
    *made: Resource, removed: tuple[str, ...] = (), mode: Mode = Mode.DELTA, version: str = ""
) -> ResponseContent:
    return ResponseContent(mode=mode, type_url=ENDPOINT, made=made, removed=removed, version=version)


def endpoint(name: str, body: bytes = b"body") -> Resource:
    return resource(ENDPOINT, name, body)


@given(st.dictionaries(names, st.binary(max_size=70_000), max_size=4), st.lists(names, max_size=4))
def test_delta_says_what_it_is_told(bodies: dict[str, bytes], removed: list[str]) -> None:
    made = tuple(endpoint(name, body) for name, body in bodies.items())
    push = Envelope().push(content(*made, removed=tuple(removed)))
    message = discovery_pb2.DeltaDiscoveryResponse.FromString(push.data)
    read = [(each.name, each.version, each.resource.type_url, each.resource.value) for each in message.resources]
    assert read == [(item.name, item.version, ENDPOINT, item.body) for item in made]
    assert (message.type_url, message.nonce, list(message.removed_resources)) == (ENDPOINT, push.nonce, removed)


@given(st.dictionaries(names, st.binary(max_size=300), max_size=4))
def test_sotw_says_what_it_is_told(bodies: dict[str, bytes]) -> None:
    made = tuple(endpoint(name, body) for name, body in bodies.items())
    push = Envelope().push(content(*made, mode=Mode.SOTW, version="v"))
    message = discovery_pb2.DiscoveryResponse.FromString(push.data)
    assert [(each.type_url, each.value) for each in message.resources] == [(ENDPOINT, item.body) for item in made]
    assert (message.version_info, message.type_url, message.nonce) == ("v", ENDPOINT, push.nonce)


def test_lengths_are_read_back_where_they_need_one_byte_more() -> None:
    for length in (*range(64, 130), *range(16_300, 16_386)):
        item, gone = endpoint("n" * length, b"b" * length), "g" * length
        push = Envelope().push(content(item, removed=(gone,)))
        message = discovery_pb2.DeltaDiscoveryResponse.FromString(push.data)
        assert [(each.name, each.resource.value) for each in message.resources] == [(item.name, item.body)]
        assert list(message.removed_resources) == [gone]


def test_equal_content_is_the_same_object_and_encoded_once() -> None:
    envelope = Envelope()
    first = envelope.push(content(endpoint("a"), endpoint("b")))
    assert envelope.push(content(endpoint("a"), endpoint("b"))) is first
    assert (envelope.cost.responses, envelope.cost.entries, envelope.cost.shared) == (1, 2, 1)
    assert envelope.cost.bytes_built == len(first.data)


def test_what_nobody_sends_between_two_sweeps_is_forgotten() -> None:
    envelope, wanted, other = Envelope(), content(endpoint("a")), content(endpoint("b"))
    first = envelope.push(wanted)
    envelope.push(other)
    envelope.sweep()
    assert envelope.push(wanted) is first
    envelope.sweep()
    assert len(envelope._pushes) == 1
    envelope.sweep()
    assert len(envelope._pushes) == 0


def test_nonces_tell_contents_apart() -> None:
    contents = (
        content(),
        content(removed=("a", "b")),
        content(removed=("a\n-1 b",)),
        content(removed=("ab",)),
        content(endpoint("a")),
        content(endpoint("a", b"other")),
        content(mode=Mode.SOTW),
        content(mode=Mode.SOTW, version="v"),
        ResponseContent(mode=Mode.DELTA, type_url=TypeUrl("x"), made=(), removed=(), version=""),
    )
    envelope = Envelope()
    assert len({envelope.push(each).nonce for each in contents}) == len(contents)


def test_memory_is_bounded_but_the_newest_is_kept() -> None:
    envelope = Envelope()
    for number in range(5):
        item = endpoint(f"big-{number}", b"x" * (40 * 1024 * 1024))
        push = envelope.push(content(item))
        assert envelope.push(content(item)) is push
    assert len(envelope._pushes) == 1


def test_the_version_of_a_state_does_not_depend_on_order() -> None:
    assert state_version((endpoint("a"), endpoint("b"))) == state_version((endpoint("b"), endpoint("a")))
    assert state_version((endpoint("a"),)) != state_version((endpoint("a", b"other"),))
