from pathlib import Path

import msgspec
import pytest

from conformance.history.events import Answer, Item, Opened, Sent, Write, of, read, write

EVENTS = (
    Opened(at=1, stream=1, gateway="shop/a"),
    Sent(at=2, stream=1, kind="RDS", nonce="1", items=(Item(name="80", version="v", needs=(("CDS", "c"),)),)),
    Answer(at=3, began=2.5, connection="c", target="t", said="404"),
    Write(at=4, began=3, who="admin", verb="patch", subject="gateways shop/a", code=200, body={"spec": {}}),
)


def test_what_was_written_is_read_in_the_order_of_time(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    write(file, reversed(EVENTS))
    assert read(file) == EVENTS
    assert of(EVENTS, Answer, Opened) == [EVENTS[0], EVENTS[2]]


def test_a_line_that_is_no_event_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text('{"event": "nothing", "at": 1}\n')
    with pytest.raises(msgspec.ValidationError):
        read(file)
