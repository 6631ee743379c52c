"""Parts of the page: what stands in them, that text of users is text, and how large they become."""

import asyncio

import pytest

from gatewayd.page.fragments import MOST_ROWS, PARTS, Fragments, admits, fleet_of
from gatewayd.page.live import Viewing
from gatewayd.page.look import Look, question
from tests.unit.example import SHOP
from tests.unit.page.looked_at import BROKEN, LookedAt, many_routes

ALL = Look(words="", gateway="")


def parts(looked_at: LookedAt, look: Look = ALL) -> dict[str, str]:
    async def gather() -> dict[str, str]:
        moment = await Viewing(looked_at.page).moment(look)
        return dict(Fragments(looked_at.page).parts(moment))

    return asyncio.run(gather())


def test_everything_is_there() -> None:
    made = parts(LookedAt())
    assert tuple(made) == tuple(PARTS)
    assert "1 route" in made["summary"]
    assert "default/web" in made["gateways"]
    assert "HTTPRoute default/shop" in made["rows"]
    assert "Service default/cart:80" in made["columns"]
    assert all(f">{head}<" in made["columns"] for head in ("Listeners", "Hosts", "Rules", "Backends"))
    assert "No proxy is connected" in made["proxies"]
    assert "+ Gateway default/web" in made["saved"]


def test_what_is_wrong_is_said_first_and_with_its_place() -> None:
    made = parts(LookedAt(text=BROKEN))
    assert "shop.yaml:19: HTTPRoute default/shop" in made["problems"]
    assert "bad-row" in made["rows"]
    assert "broken" in made["columns"]


def test_of_many_routes_as_many_rows_as_fit_and_the_search_finds_the_others() -> None:
    looked_at = LookedAt(text=many_routes(300))
    made = parts(looked_at)
    assert made["rows"].count("<tr") == MOST_ROWS + 1
    assert f"{MOST_ROWS} of 301 routes" in made["rows"]
    assert parts(looked_at, Look(words="h299.example", gateway=""))["rows"].count("<tr") == 2


def test_a_save_tells_what_it_changes_and_nothing_else() -> None:
    looked_at = LookedAt()
    looked_at.save(SHOP.replace("/cart}", "/basket}"))
    saved = parts(looked_at)["saved"]
    assert "HTTPRoute default/shop" in saved
    assert "~ RDS 8080" in saved
    assert "CDS" not in saved
    assert "no connection drains" in saved


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "\" onload='x'", "{{ 7 * 7 }}", "\x1b[31m"])
def test_text_of_users_is_text(text: str) -> None:
    page = Fragments(LookedAt().page)
    answer = page.answer(question({"url": f"http://shop.example/{text}", "headers": text}))
    assert "<script>" not in answer
    assert "49" not in answer
    assert "\x1b" not in answer


def test_the_form_is_answered_as_explain_does() -> None:
    page = Fragments(LookedAt().page)
    assert "HTTPRoute default/shop spec.rules[0].matches[0] takes it" in page.answer(
        question({"url": "http://shop.example:8080/cart"})
    )
    assert "No listener" in page.answer(question({"url": "https://shop.example/cart"}))
    assert page.answer(question({})).strip() == ""


def test_rows_are_found_by_kind_name_host_and_parent() -> None:
    looked_at = LookedAt()
    looked_at.run.board.described(())
    row = asyncio.run(Viewing(looked_at.page).moment(ALL)).rows[0]
    assert all(admits(row, words) for words in ("", "httproute default/shop", "shop.example", "default/web"))
    assert not admits(row, "other")
    assert str(fleet_of("a/b")) == "a/b"
