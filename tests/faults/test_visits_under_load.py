"""Many browsers reporting at once, over real sockets to a real server: what is answered with 2xx is kept, the rest is refused."""

from __future__ import annotations

import http.client
import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import models

from crm.supervisor import web_command
from marketing.models import Hit, Visit

from .harness import Faults, answers, free_port, wait_until, wait_until_idle

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8"),
]

BROWSERS = 12
REPORTS = 60  # of each browser; the limit is 120 a minute from one address
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HIT = json.dumps({"p": "/a", "q": "utm_source=mail", "r": "", "v": "", "n": 0, "d": "desktop", "e": [["view", 0]]})
#: What else arrives at such an address: (method, body, more headers).
GARBAGE = (
    ("POST", "{", {}),
    ("POST", HIT.replace('"/a"', '"a"'), {}),
    ("POST", "x" * 20_000, {}),
    ("POST", HIT, {"User-Agent": "AhrefsBot/7.0"}),
    ("POST", HIT, {"DNT": "1"}),
    ("GET", None, {}),
)


def browse(port: int, number: int) -> tuple[Counter[int], Counter[int]]:
    """The statuses of a browser's reports, and of the garbage between them. Each browser has an address of its own."""
    good, bad = Counter[int](), Counter[int]()
    for at in range(REPORTS):
        wrong = at % 4 == 3
        method, body, headers = GARBAGE[at // 4 % len(GARBAGE)] if wrong else ("POST", HIT, {})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=(f"127.0.0.{number + 2}", 0))
        connection.request(method, "/web/hits", body, {"User-Agent": FIREFOX, "Content-Type": "text/plain", **headers})
        (bad if wrong else good)[connection.getresponse().status] += 1
        connection.close()
    return good, bad


def test_each_report_that_was_taken_is_counted_and_garbage_is_refused(faults: Faults) -> None:
    port = free_port()
    faults.start(web_command("127.0.0.1", port))
    wait_until(lambda: answers(port), "the web server to answer")

    with ThreadPoolExecutor(BROWSERS) as pool:
        found = list(pool.map(lambda number: browse(port, number), range(BROWSERS)))
    good, bad = (sum((pair[side] for pair in found), Counter[int]()) for side in (0, 1))

    assert set(good) == {204}
    assert set(bad) == {400, 403, 405, 413}
    assert Hit.objects.count() == good[204] == BROWSERS * REPORTS * 3 // 4
    faults.worker()
    wait_until_idle()
    assert Visit.objects.aggregate(n=models.Sum("views"))["n"] == good[204]
    assert Visit.objects.count() == BROWSERS
