"""The console's pages in a real browser, with the data of a real order."""

import json
import re
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.support.browser import CHROMIUM, chromium, visit
from tests.support.client import Shop, until

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium fonts-noto-cjk"),
]
SHOTS = Path("dist/screenshots")
PAGES = (
    "", "overview", "overview?queues=1", "traces", "traces/{trace}", "traces/{trace}?sort=self", "metrics",
    "metrics?query=sum_over_time(%7B%22shop.orders.transitions%22%7D%5B1h%5D)", "metrics?query=sum(", "logs",
    "logs?query=stats%20count(*)%20by%20event", "logs?query=nonsense%20%7C", "points", "points/orders.bottleneck",
    "points/orders.completion", "alarms", "bus", "queues", "queues/orders-events", "mails", "mails/{mail}",
    "traces/00000000000000000000000000000000", "points/nothing", "nowhere",
)  # fmt: skip
ABSENT = ("traces/0000", "points/nothing", "nowhere")  # answered 404, and readable all the same
WORDS = {"ja": re.compile("[ぁ-んァ-ン一-龥]"), "en": re.compile("[A-Za-z]{3}")}


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


@pytest.fixture(scope="module")
def story(shop: Shop, browser):
    """An order placed by the button of the first step: its trace, and the mail that came of it."""
    console = shop.info["console"]
    page, wrong = visit(browser, f"{console}/?lang=en", locale="en-GB")
    page.get_by_role("button", name="Order").click()
    page.wait_for_url(re.compile("trace="))
    assert wrong == []
    trace = re.search(r"trace=([0-9a-f]{32})", page.url)
    order = re.search(r"order=([0-9a-f-]+)", page.url)
    assert trace
    assert order
    page.locator("#tick-order.done").wait_for()

    def spans():
        answer = shop.call("GET", f"/api/traces/{trace[1]}", base=console)
        return answer.status == 200 and {"gateway", "orders", "inventory", "notifications"} <= {
            span["service"] for span in answer.json["spans"]
        }

    until(spans, seconds=60)

    def mails():
        found = shop.call("GET", "/api/mails?type=ORDER_CONFIRMATION", base=console).json["items"]
        return [mail for mail in found if order[1] in mail["text"]]  # others order in this shop too

    found = until(mails, seconds=60)
    page.context.close()
    return {"console": console, "trace": trace[1], "order": order[1], "mail": found[0]["id"]}


def address(story, path, language):
    where = path.format(**story)
    return f"{story['console']}/{where}{'&' if '?' in where else '?'}lang={language}"


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_comes_whole_in_both_languages(story, browser, path, language):
    page, wrong = visit(browser, address(story, path, language), viewport={"width": 1280, "height": 900})
    if path.startswith(ABSENT):
        wrong = [said for said in wrong if "404" not in said]
    assert wrong == []
    assert page.locator("html").get_attribute("lang") == language
    heading = page.locator("h1").inner_text()
    assert heading
    navigation = page.locator("nav.main").inner_text()
    assert WORDS[language].search(navigation)
    assert (language == "ja") == bool(WORDS["ja"].search(navigation))
    assert not re.search(r"\bundefined\b|\bNone\b|\{\{|\}\}", page.locator("main").inner_text().replace("none", ""))
    SHOTS.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", path.split("?query")[0].format(trace="id", mail="id", order="id")) or "first"
    page.screenshot(path=SHOTS / f"{name}-{language}.png", full_page=True)
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [path for path in PAGES if "sort" not in path])
def test_every_page_can_be_used_by_everybody(story, browser, path, scheme):
    page, _ = visit(browser, address(story, path, "ja"), color_scheme=scheme)
    found = Axe().run(page).response["violations"]
    serious = [
        (each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in ("serious", "critical")
    ]
    assert serious == []
    page.context.close()


@pytest.mark.parametrize("path", [path for path in PAGES if "?" not in path])
def test_every_page_fits_a_phone(story, browser, path):
    page, _ = visit(browser, address(story, path, "ja"), viewport={"width": 390, "height": 800}, is_mobile=True)
    assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
    page.context.close()


def test_a_learner_goes_from_the_order_to_its_slowest_span_its_log_and_its_mail(story, browser):
    page, wrong = visit(browser, f"{story['console']}/?lang=ja&order={story['order']}&trace={story['trace']}")
    page.get_by_role("link", name="トレースを開く").click()
    assert story["trace"] in page.locator(".lead").inner_text()
    page.get_by_role("link", name="自分の時間が長い順").click()
    first = page.locator(".wf details").first
    first.locator("summary").click()
    assert "span_id" in first.inner_text()
    page.get_by_role("link", name="ログ", exact=True).last.click()
    assert page.locator("tbody tr").count() > 0
    page.locator("nav.main").get_by_role("link", name="メール").click()
    assert page.locator("tbody tr").count() > 0
    page.go_back()
    assert wrong == []
    page.context.close()


def ordered_with_curl(browser, shop, tmp_path):
    """The trace of an order that was placed with the commands of the first page, as they stand there."""
    page, _ = visit(browser, f"{shop.info['console']}/?lang=en")
    page.get_by_text("The same with curl").click()
    script = tmp_path / "order.sh"
    script.write_text(page.locator("#curl").inner_text())
    page.context.close()
    told = subprocess.run(["bash", "-eu", script], capture_output=True, text=True, timeout=120, check=True).stdout
    found = re.search(r"(?im)^x-trace-id: ([0-9a-f]{32})", told)
    assert found, told
    return found[1]


def test_steps_tick_themselves_by_what_the_console_sees(browser, shop, tmp_path):
    """Wherever it comes from: the page itself stays open, the steps are taken in another tab and by the API."""
    console, trace = shop.info["console"], ordered_with_curl(browser, shop, tmp_path)

    def whole():
        answer = shop.call("GET", f"/api/first/{trace}", base=console)
        return answer.status == 200 and answer.json["taken"]

    assert "order" in until(whole, seconds=60)
    until(lambda: mail_of(shop, console, trace), seconds=60)
    wait_until_settled(shop, console, trace)
    steps, wrong = visit(browser, f"{console}/?lang=en&trace={trace}")

    def ticked(step):
        steps.locator(f"#tick-{step}.done").wait_for()

    ticked("order")
    other, _ = visit(browser, f"{console}/traces/{trace}?lang=en&sort=self")
    ticked("trace")
    other.locator(".wf details").last.locator("summary").click()
    other.locator(".wf details").first.locator("summary").click()
    ticked("slowest")
    other.context.close()
    query = f'fields @message | filter trace_id = "{trace}"'
    assert shop.call("GET", f"/api/logs?query={quote(query)}", base=console).status == 200
    ticked("log")
    assert "done" not in (steps.locator("#tick-metric").get_attribute("class") or "").split()
    query = 'sum(sum_over_time({"shop.orders.stage.duration"}[1h]))'
    assert shop.call("GET", f"/api/v1/query?query={quote(query)}", base=console).status == 200
    ticked("metric")
    assert shop.call("GET", f"/api/mails/{mail_of(shop, console, trace)}", base=console).status == 200
    ticked("mail")
    assert shop.call("GET", f"/api/first/{trace}", base=console).json["taken"] == [
        "order", "trace", "slowest", "log", "metric", "mail",
    ]  # fmt: skip
    assert wrong == []
    steps.context.close()


def wait_until_settled(shop, console, trace):
    """Until no span has come for three looks, a second apart: which one is the slowest is known only then."""
    seen = []

    def settled():
        time.sleep(1)
        seen.append(len(shop.call("GET", f"/api/traces/{trace}", base=console).json["spans"]))
        return len(seen) > 3 and len(set(seen[-4:])) == 1

    until(settled, seconds=60)


def mail_of(shop, console, trace):
    """The id of the confirmation of a trace's order, once it is there."""
    events = shop.call("GET", "/api/bus/events?type=OrderConfirmed", base=console).json["items"]
    orders = [each["detail"]["metadata"] for each in events if trace in each["detail"]["metadata"]["traceparent"]]
    if not orders:
        return None
    mails = shop.call("GET", "/api/mails?type=ORDER_CONFIRMATION", base=console).json["items"]
    return next((mail["id"] for mail in mails if orders[0]["correlationId"] in mail["text"]), None)


def test_the_keyboard_reaches_everything_and_runs_a_query(story, browser):
    page, wrong = visit(browser, f"{story['console']}/metrics?lang=en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("textarea").fill('sum(sum_over_time({"shop.orders.transitions"}[1h]))')
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    assert page.locator("main table:not(.u-legend) tbody tr").count() == 1
    assert wrong == []
    page.context.close()


def test_a_metric_and_a_mail_lead_to_a_trace(story, browser):
    query = quote('histogram_quantile(0.95, sum(sum_over_time({"http.server.request.duration"}[5m])))')
    for path in (f"metrics?lang=en&query={query}", f"mails/{story['mail']}?lang=en"):
        page, wrong = visit(browser, f"{story['console']}/{path}")
        page.locator("main a[href*='traces/']").first.click()
        page.locator(".wf details").first.wait_for()
        assert wrong == []
        page.context.close()


def test_the_map_hides_queues_until_they_are_asked_for(story, browser):
    page, wrong = visit(browser, f"{story['console']}/overview?lang=en")
    names = ("orders-events", "inventory-commands.fifo")

    def boxes():
        return " ".join(page.locator(".map a.node").all_text_contents())

    assert "gateway" in boxes()
    assert not any(name in boxes() for name in names)
    page.get_by_role("link", name="Show queues").click()
    page.get_by_role("link", name="Hide queues").wait_for()
    assert all(name in boxes() for name in names)
    assert wrong == []
    page.context.close()


def test_links_are_relative_so_that_a_forwarded_port_works(story, shop):
    for path in ("", "points", "points/orders.completion", f"traces/{story['trace']}"):
        html = shop.call("GET", f"/{path}", base=story["console"]).body.decode()
        assert not re.findall(r'(?:href|src|action)="(?:/|http://(?:127|localhost))', html), path


def test_what_slow_traces_share_is_shown(story, browser):
    page, wrong = visit(browser, f"{story['console']}/traces?lang=en")
    page.get_by_role("button", name="What do the slow ones share?").click()
    page.locator("#compare h2").wait_for()
    assert wrong == []
    page.context.close()


def test_a_mail_cannot_run_or_load_anything(story, shop):
    html = shop.call("GET", f"/mails/{story['mail']}", base=story["console"]).body.decode()
    assert 'sandbox=""' in html
    assert json.dumps(story["order"])[1:-1] in html
