"""What the website calls: the script, and where it reports. Nobody is signed in there and no cookie is set or read."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from django.contrib.staticfiles import finders
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from crm import jobs, limits

from .. import collecting

A_MINUTE = 120  # hits from one address; a busy visitor sends a handful
TOGETHER = dt.timedelta(seconds=5)  # hits of so long are counted in one go
PLAIN = {"content_type": "text/plain"}


@lru_cache(maxsize=1)
def _script() -> bytes:
    path: Any = finders.find("js/visits.js")
    with open(path, "rb") as file:
        return file.read()


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """The script at an address that stays, for pages of other servers."""
    response = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@csrf_exempt
@require_http_methods(["POST"])
def hit(request: HttpRequest) -> HttpResponse:
    """204 when the hit is stored, and only then. Whoever asks not to be tracked, and programs, are left out with 403."""
    response = _answer(request)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    agent = request.headers.get("User-Agent", "")[:400]
    if request.headers.get("DNT") == "1" or request.headers.get("Sec-GPC") == "1":
        return HttpResponse("Not counted: the browser asks not to be tracked.", status=403, **PLAIN)
    if collecting.is_bot(agent):
        return HttpResponse("Not counted: a program.", status=403, **PLAIN)
    address = limits.address_of(request)
    if limits.count("web-hit", address) > A_MINUTE:
        return HttpResponse("Too many.", status=429, headers={"Retry-After": "60"}, **PLAIN)
    body = request.read(collecting.LARGEST + 1)
    if len(body) > collecting.LARGEST:
        return HttpResponse("Too large.", status=413, **PLAIN)
    try:
        data = collecting.read(body)
    except collecting.Garbage:
        return HttpResponse("Not a hit.", status=400, **PLAIN)
    with transaction.atomic():
        collecting.keep(data, address or "", agent)
        jobs.enqueue("marketing.hits", key="hits", delay=TOGETHER)
    return HttpResponse(status=204)
