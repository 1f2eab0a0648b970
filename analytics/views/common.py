"""What all pages of numbers need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from crm import formats
from crm.access import require

from ..engine import bound
from ..registry import METRIC, Kpi, kpis

View = Callable[..., HttpResponse]


def reader_only(view: View) -> View:
    """Only for those who may see numbers; visitors go to the login page, also from a fragment."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            response = redirect_to_login(request.get_full_path())
            if getattr(request, "htmx", None):
                return HttpResponse(status=401, headers={"HX-Redirect": response["Location"]})
            return response
        require(request.user, "kpi", "view")
        return view(request, *args, **kwargs)

    return guarded


def computed(moments: Iterable[dt.datetime | None]) -> str:
    """When the numbers of a page were computed, in words: the moment, or the first and the last where minutes lie between them."""
    known = [moment for moment in moments if moment is not None]
    if not known:
        return ""
    first, last = min(known), max(known)
    if last - first < dt.timedelta(minutes=1):
        return _("Computed %(moment)s") % {"moment": formats.moment(last)}
    return _("Computed between %(first)s and %(last)s") % {"first": formats.moment(first), "last": formats.moment(last)}


def kpi_or_404(request: HttpRequest, key: str) -> Kpi:
    """The KPI of the address; keys come only from the registry. One about a number is about the one that the address names."""
    try:
        return bound([key], request.GET.get(METRIC, ""))[0]
    except KeyError:
        if key not in kpis:
            raise Http404 from None
        return bound([key])[0]
