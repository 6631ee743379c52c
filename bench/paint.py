"""The page with R routes in a real Chromium: until it is painted, and until an edit is on the screen.

`python -m bench.paint R` prints one JSON line. Milliseconds from the beginning of the navigation until the browser's
first contentful paint (https://www.w3.org/TR/paint-timing/), and from an edit until the frame after the one that shows
it, the edit's translation included. Server and browser share the cores of this machine. CHROMIUM names the browser.
"""

import asyncio
import gc
import json
import os
import statistics
import sys
import time
from typing import Any, Final

from playwright.async_api import Browser, Page, async_playwright

from bench.inputs import delta, route
from bench.page import run_with
from gatewayd.page.server import page_served
from gatewayd.run.memory import tune_collector
from gatewayd.run.page_source import RunPage
from gatewayd.run.standalone import Standalone

CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
"""No sandbox: root has none."""
OPENINGS: Final = 5
EDITS: Final = 20
PAINTED: Final = """() => new Promise(done => {
  const look = () => {
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    if (paint) done(paint.startTime); else requestAnimationFrame(look);
  };
  look();
})"""
WATCH: Final = """() => {
  window.shown = new Promise(done => new MutationObserver((_changes, observer) => {
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(Date.now())));
  }).observe(document.getElementById("rows"), {childList: true, subtree: true, characterData: true}));
}"""


async def opened(browser: Browser, address: str) -> tuple[Page, float]:
    """Open the page in a window of its own; return it, and after how many milliseconds it was painted."""
    page = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
    await page.goto(address)
    return page, await page.evaluate(PAINTED)


async def edited(run: Standalone, page: Page, number: int, services: int, seed: int) -> float:
    """Make one edit of a route that is seen; return after how many milliseconds it was on the screen."""
    await page.evaluate(WATCH)
    began = time.time()
    run.reconciler.submit((delta(route(number, services, seed)),))
    run.reconciler.step()
    return float(await page.evaluate("window.shown")) - began * 1000


async def measured(routes: int, services: int) -> dict[str, Any]:
    run, onlooker = run_with(routes, services)
    gc.collect()
    seen = sorted(range(routes), key=lambda number: f"route-{number}")
    async with page_served(RunPage(run, onlooker), 0) as address, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page, painted = await opened(browser, address)
        paints = [painted]
        for _ in range(1, OPENINGS):
            await page.context.close()
            page, painted = await opened(browser, address)
            paints.append(painted)
        await page.wait_for_selector("#live:text('Live.')")
        times = [await edited(run, page, seen[at], services, at + 1) for at in range(EDITS)]
        await browser.close()
    return {
        "first_paint_ms_median": round(statistics.median(paints), 1),
        "first_paint_ms_max": round(max(paints), 1),
        "edit_shown_ms_median": round(statistics.median(times), 1),
        "edit_shown_ms_max": round(max(times), 1),
    }


def measure(routes: int) -> dict[str, Any]:
    tune_collector()
    return {"routes": routes, **asyncio.run(measured(routes, max(1, routes // 10)))}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
