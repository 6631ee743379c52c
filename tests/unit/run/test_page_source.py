from tests.unit.example import SHOP
from tests.unit.page.looked_at import BROKEN, LookedAt


def test_a_page_shows_what_the_run_has() -> None:
    looked_at = LookedAt(text=BROKEN)
    page = looked_at.page
    assert page.title == "gateway"
    assert [str(fleet) for fleet in page.configs] == ["default/web"]
    assert [problem.line for problem in page.board().problems] == [19]
    assert page.proxies() == ()


def test_the_first_save_adds_and_the_next_one_changes() -> None:
    looked_at = LookedAt()
    assert looked_at.page.saved().lines[0] == "+ Gateway default/web"
    looked_at.save(SHOP)
    assert looked_at.page.saved().lines[0] == "+ Gateway default/web"  # nothing was saved that says something else
    looked_at.save(SHOP.replace("weight: 3", "weight: 2"))
    saved = looked_at.page.saved()
    assert saved.objects == ("HTTPRoute default/shop",)
    assert saved.lines[0] == "~ Gateway default/web"


def test_a_save_is_compared_once_however_often_somebody_looks() -> None:
    looked_at = LookedAt()
    saved = looked_at.page.saved()
    assert looked_at.page.saved() is saved
    looked_at.save(SHOP.replace("weight: 3", "weight: 2"))
    assert looked_at.page.saved() is not saved


async def test_who_watches_is_told_until_the_end() -> None:
    looked_at = LookedAt()
    told: list[None] = []
    end = looked_at.page.watch(lambda: told.append(None))
    looked_at.save(SHOP.replace("weight: 3", "weight: 2"))
    assert told
    count = len(told)
    end()
    looked_at.save(SHOP)
    assert len(told) == count


def test_where_the_page_is_stands_among_the_notices() -> None:
    looked_at = LookedAt()
    looked_at.onlooker.page_address = "http://127.0.0.1:1/?token=x"
    assert looked_at.onlooker.notices()[0] == "page: http://127.0.0.1:1/?token=x"
