from dataclasses import replace

import pytest

from gatewayd.explain.passage import Met, aborted, passage_words
from gatewayd.ir.policy import Bandwidth, BodyLimit, Compression, ErrorPage, ErrorPages, Fault, RateLimit, RateLimits
from gatewayd.ir.processing import ShownBody
from tests.unit.xds.filters.test_global_limits import LIMIT as SHARED
from tests.unit.xds.filters.test_global_limits import limits
from tests.unit.xds.filters.test_processing import WAF

GO_ON = "they go on as they are"
UNANSWERED = "without its answer within 300 ms"
COUNTING = ", counting what x-cost of responses says"
LIMIT = RateLimit(requests=5, unit_s=60, burst=2, per_client=True, headers=("x-user",), claims=("sub",), is_late=True)
SOME = Fault(delay_ms=10, delay_percent=50, abort_status=503, abort_percent=30)
ALL = Fault(delay_ms=0, delay_percent=0, abort_status=502, abort_percent=100)


@pytest.mark.parametrize(
    ("met", "words"),
    [
        (
            RateLimits(policy="shop/crowd", limits=(LIMIT,)),
            ["at most 5 requests in 60 s for each client, each x-user, each sub (2 at once), else a 429"],
        ),
        (
            limits(
                replace(SHARED, per_client=True, per_route=True, cost_header="x-cost"),
                replace(SHARED, is_shadow=True),
                fails_open=False,
            ),
            [
                f"at most 5 requests in a hour for each route, each client at all proxies{COUNTING}, else a 429",
                "at most 5 requests in a hour at all proxies, and nobody is refused",
                "Service platform/limits:8081 counts; while it does not answer within 50 ms, requests get a 503",
            ],
        ),
        (
            Bandwidth(kib_per_s=100, of_requests=True, of_responses=True),
            ["of the request and response at most 100 KiB go on in a second"],
        ),
        (
            Bandwidth(kib_per_s=100, of_requests=False, of_responses=True),
            ["of the response at most 100 KiB go on in a second"],
        ),
        (BodyLimit(max_bytes=7), ["only with a body of at most 7 bytes, else a 413"]),
        (
            Compression(algorithms=("br", "gzip"), min_bytes=0, content_types=()),
            ["the response is compressed by br, gzip, if the client takes it"],
        ),
        (
            ErrorPages(pages=(ErrorPage(status=503, body="", content_type="text/plain"),)),
            ["errors 503 have a body of a RoutePolicy"],
        ),
        (
            WAF,
            [f"Service shop/waf:9000 sees the request's headers; {UNANSWERED}, the request gets a 503 or 504"],
        ),
        (
            replace(WAF, request=ShownBody.WHOLE, response=ShownBody.PIECES, fails_open=True),
            [f"Service shop/waf:9000 sees the request as a whole and the response as it comes; {UNANSWERED}, {GO_ON}"],
        ),
        (SOME, ["50% of the requests wait 10 ms", "30% of the requests get a 503, by a RoutePolicy"]),
    ],
)
def test_words(met: Met, words: list[str]) -> None:
    assert list(passage_words(met)) == words


def test_only_a_fault_for_all_requests_is_an_answer() -> None:
    assert aborted((BodyLimit(max_bytes=1), ALL)) == 502
    assert aborted((SOME,)) is None
