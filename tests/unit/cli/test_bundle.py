"""A support archive of a run: what helps is in it, and no canary."""

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from gatewayd.api.meta import ObjectKey
from gatewayd.introspection import client
from gatewayd.introspection.messages import RunChain, why_decoded
from gatewayd.introspection.published import PublishedResource, ResourceChoice, chosen, published
from gatewayd.introspection.rows import whole_board
from gatewayd.rpc import introspection_pb2 as pb
from tests.unit.cli.command import Gatewayd
from tests.unit.introspection.answering import run_answers
from tests.unit.introspection.statuses import BAD, BOARD, STATUS
from tests.unit.introspection.test_withheld import CANARY, MANIFESTS
from tests.unit.translator import pem

RUN = run_answers(MANIFESTS, pem.good_secret("cert"))


@pytest.fixture(autouse=True)
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    route = replace(BOARD.routes[0], name="shop/it", accepted=BAD)
    board = whole_board(gateways=(), routes=(route,), problems=(), notices=())
    monkeypatch.setattr(client, "fetch", lambda _path: replace(STATUS, board=board, proxies=()))
    monkeypatch.setattr(client, "fetch_config", _config)
    monkeypatch.setattr(client, "fetch_why", _why)


def _config(_path: Path, choice: ResourceChoice) -> tuple[PublishedResource, ...]:
    return tuple(published(*each, choice) for each in chosen(RUN.reconciler.snapshots, choice))


def _why(_path: Path, kind: str, namespace: str, name: str) -> RunChain:
    return RUN.why(kind, ObjectKey(namespace, name))


def texts(archive: Path) -> dict[str, str]:
    with tarfile.open(archive) as opened:
        files = {member.name: opened.extractfile(member) for member in opened.getmembers()}
        return {name: file.read().decode() for name, file in files.items() if file is not None}


def test_what_helps_is_in_it_and_no_canary(gatewayd: Gatewayd, tmp_path: Path) -> None:
    ran = gatewayd("bundle", tmp_path / "it.tar.gz", "--socket", "somewhere")

    assert ran.code == 0, ran.err
    files = texts(tmp_path / "it.tar.gz")
    assert set(files) == {
        "gatewayd/README.txt",
        "gatewayd/status.json",
        "gatewayd/why/httproute-shop-it.txt",
        "gatewayd/published.json",
        "gatewayd/missing.txt",
    }
    assert "HTTPRoute shop/it" in files["gatewayd/why/httproute-shop-it.txt"]
    assert "httproute/shop/it/rule/0/match/0" in files["gatewayd/published.json"]
    assert files["gatewayd/missing.txt"] == "proxies: none could be asked\n"
    assert CANARY not in str(files)
    assert "PRIVATE KEY" not in str(files)


def test_of_steps_that_say_what_users_wrote_the_rest_is_told(gatewayd: Gatewayd, tmp_path: Path) -> None:
    assert gatewayd("bundle", tmp_path / "it.tar.gz", "--socket", "somewhere").code == 0

    why = texts(tmp_path / "it.tar.gz")["gatewayd/why/httproute-shop-it.txt"]
    for line in (
        "rule 0, match 0: forwards",
        "policy: spec.default.errorPages {...} of RoutePolicy shop/words, for HTTPRoute/shop/it",
        "policy: spec.tracing {...} of XTelemetryPolicy shop/traces, for Gateway/shop/gw",
    ):
        assert line in why, why


def test_of_what_an_older_replica_says_nothing_is_told_that_users_may_have_written(
    gatewayd: Gatewayd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = pb.Step(depth=1, mark=pb.Step.BAD, subject=f"rule 0: header x-a: {CANARY}", says=f"says {CANARY}")
    older = why_decoded(pb.GetWhyResponse(steps=[step], where="./gateway").SerializeToString())
    monkeypatch.setattr(client, "fetch_why", lambda *_asked: older)

    assert gatewayd("bundle", tmp_path / "it.tar.gz", "--socket", "somewhere").code == 0

    files = texts(tmp_path / "it.tar.gz")
    assert CANARY not in str(files)
    assert "an older replica" in files["gatewayd/why/httproute-shop-it.txt"]


def test_an_archive_is_written_when_nobody_answers_why_any_more(
    gatewayd: Gatewayd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*_asked: object) -> RunChain:
        raise client.NobodyError("it has gone")

    monkeypatch.setattr(client, "fetch_why", nobody)

    assert gatewayd("bundle", tmp_path / "it.tar.gz", "--socket", "somewhere").code == 0
    files = texts(tmp_path / "it.tar.gz")
    assert "why/httproute/shop/it: it has gone" in files["gatewayd/missing.txt"]
    assert "gatewayd/published.json" in files


def test_an_archive_that_is_there_is_left_alone(gatewayd: Gatewayd, tmp_path: Path) -> None:
    (tmp_path / "it.tar.gz").write_text("mine")

    assert gatewayd("bundle", tmp_path / "it.tar.gz", "--socket", "somewhere").code == 3
    assert (tmp_path / "it.tar.gz").read_text() == "mine"


def test_what_cannot_be_had_is_named(gatewayd: Gatewayd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_path: Path, _choice: ResourceChoice) -> tuple[PublishedResource, ...]:
        raise client.NobodyError("an older replica")

    monkeypatch.setattr(client, "fetch_config", nobody)

    assert "2 could not be had" in gatewayd("bundle", tmp_path / "it.tar.gz", "--socket", "somewhere").out
    assert "published.json: an older replica" in texts(tmp_path / "it.tar.gz")["gatewayd/missing.txt"]
