"""The page in a real browser, at two sizes: what is to be seen, that it lives, and that everybody can use it."""

import time

from axe_playwright_python.sync_playwright import Axe

from tests.browser.looking import Window, manifests

MANY = 300
"""Routes beside the one of the example: more than are drawn, and few enough to be served within seconds."""


def test_columns_are_joined_by_lines(window: Window) -> None:
    window.wait_for("summary", "1 proxy")
    page = window.page
    for box in ("shop.example", "default/shop #0", "Service default/cart:80", "redirect 302"):
        assert page.locator("#columns .node", has_text=box).count() == 1
    assert page.locator("#lines path").count() == 5
    page.locator("#columns .node", has_text="Service default/cart:80").hover()
    assert page.locator("#lines path.lit").count() == 3


def test_what_breaks_comes_first_and_what_is_mended_goes(window: Window) -> None:
    served = window.served
    served.save(manifests(served.port, served.backend, cart="none", more=60))
    window.wait_for("problems", 'Service "default/none" does not exist')
    window.wait_for_count("#rows tbody tr.bad-row", 1)  # those that are new have arrived
    assert "HTTPRoute default/shop" in window.page.locator("#rows tbody tr").first.inner_text()
    assert window.page.locator("#columns .node.broken").count() == 3
    window.wait_for("saved", "RDS")
    served.save(manifests(served.port, served.backend, more=60))
    window.wait_for_count("#columns .node.broken", 0)
    window.wait_for("summary", "0 not well")


def test_requests_and_errors_are_counted_by_rule(window: Window) -> None:
    window.wait_for("rows", "ACKed by 1/1 proxy")
    assert [window.served.ask("shop.example", path) for path in ("/cart", "/cart", "/old")] == [200, 200, 302]
    window.wait_for("summary", "3 requests in the last minute")
    window.wait_for("columns", "2 requests, 0 failed")
    served = window.served
    served.save(manifests(served.port, served.backend, cart="none"))
    window.wait_for("problems", "does not exist")
    while served.ask("shop.example", "/cart") != 500:
        time.sleep(0.05)  # until the change is in Envoy
    window.wait_for("summary", "1 failed")


def test_the_form_explains(window: Window) -> None:
    page = window.page
    page.fill("#url", f"http://shop.example:{window.served.port}/cart")
    page.press("#url", "Enter")
    window.wait_for("answer", "HTTPRoute default/shop spec.rules[0].matches[0] takes it")
    page.fill("#url", "ftp://shop.example")
    page.click("#explain button")
    window.wait_for("answer", "http:// and https:// are allowed")


def test_the_search_finds_a_route_among_many(window: Window) -> None:
    served = window.served
    served.save(manifests(served.port, served.backend, more=MANY))
    window.wait_for("summary", f"{MANY + 1} routes")
    window.wait_for_count("#rows tbody tr", 50)
    window.page.keyboard.press("/")
    window.page.keyboard.type(f"h{MANY - 1}.example")
    window.wait_for_count("#rows tbody tr", 1)
    window.wait_for_count("#columns .column:nth-child(2) .node", 1)
    assert f"default/r{MANY - 1}" in window.page.locator("#rows tbody").inner_text()
    assert "q=h" in window.page.url
    window.page.reload()
    assert window.page.locator("#rows tbody tr").count() == 1


def test_a_keyboard_is_enough(window: Window) -> None:
    page = window.page
    page.locator("#columns .node").first.focus()
    page.keyboard.press("ArrowRight")
    assert "shop.example" in page.locator(":focus").inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert "default/shop #1" in page.locator(":focus").inner_text()
    assert page.locator("#lines path.lit").count() == 3


def test_it_can_be_read_by_everybody_in_the_dark_and_in_the_light(window: Window) -> None:
    served = window.served
    served.save(manifests(served.port, served.backend, cart="none"))
    window.wait_for("problems", "does not exist")
    for _ in ("light", "dark"):
        results = Axe().run(window.page)
        serious = [each for each in results.response["violations"] if each["impact"] in ("serious", "critical")]
        assert [(each["id"], each["nodes"][0]["html"]) for each in serious] == []
        window.page.click("#theme")


def test_a_run_that_has_ended_is_said(window: Window) -> None:
    window.served.process.terminate()
    window.wait_for("live", "does not answer")
    window.faults.clear()  # the browser tells the console that nobody listens any more


def test_nothing_is_wider_than_the_window(window: Window) -> None:
    width = window.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width == 0
