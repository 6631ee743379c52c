import pytest

from gatewayd.demo.backends import serve_backends
from gatewayd.demo.curls import CURLS, CurlResponse, check, judge

PATH, CANARY, SPLIT, REDIRECT = CURLS


def answered(status: int = 200, backend: str = "", location: str = "") -> CurlResponse:
    return CurlResponse(status=status, backend=backend, location=location)


def test_lines_can_be_typed() -> None:
    assert [each.line(8888) for each in CURLS] == [
        "curl localhost:8888/hello",
        "curl -H 'env: canary' localhost:8888/hello",
        "curl localhost:8888/split",
        "curl -i localhost:8888/old/page",
    ]


def test_good_answers() -> None:
    split = [answered(backend="hello-v1")] * 9 + [answered(backend="hello-v2")]
    moved = [answered(302, location="http://localhost:1/hello/page")]

    assert judge(PATH, [answered(backend="hello-v1")], 1).said == "200, 1 by hello-v1"
    assert judge(SPLIT, split, 1).said == "200, 9 by hello-v1, 1 by hello-v2"
    assert judge(REDIRECT, moved, 1).said == "302 http://localhost:1/hello/page"


@pytest.mark.parametrize(
    ("curl", "answer", "wrong"),
    [
        (PATH, answered(404), "404; expected 200"),
        (CANARY, answered(backend="hello-v1"), "answered by ('hello-v1',); expected ('hello-v2',)"),
        (SPLIT, answered(backend="hello-v1"), "answered by ('hello-v1',); expected ('hello-v1', 'hello-v2')"),
        (REDIRECT, answered(302, location="/x"), "302 /x; expected 302 http://localhost:1/hello/page"),
    ],
)
def test_bad_answers(curl: object, answer: CurlResponse, wrong: str) -> None:
    assert judge(curl, [answer], 1).wrong == wrong  # type: ignore[arg-type]


async def test_it_is_asked_over_http() -> None:
    async with serve_backends(["hello-v1"]) as ports:
        good = await check(PATH, "127.0.0.1", ports["hello-v1"])
        port = ports["hello-v1"]
    nobody = await check(PATH, "127.0.0.1", port)

    assert (good.said, good.wrong) == ("200, 1 by hello-v1", "")
    assert nobody.wrong.startswith("no answer: ")
