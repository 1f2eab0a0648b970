"""The public page of a web form: no login, no cookie, no script. `embed` is the same page for a frame in another website."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt

from crm import limits, public_pages
from crm.middleware import unclean
from crm.public_pages import public

from .. import collecting, web_forms
from ..forms import PublicForm
from ..models import WebForm
from ..web_forms import Browser

POSTS = 10  # forms a minute and address
VIEWS = 120  # openings a minute and address that are counted
SALT = "marketing.form"
UNDER_WAY = 60  # how long the first sending may take


def _form_of(key: str) -> WebForm:
    form = WebForm.objects.select_related("campaign", "owner__team").filter(key=key, active=True).first()
    if form is None:
        raise Http404
    return form


def _browser(request: HttpRequest) -> Browser:
    """What the request tells. The page that linked here is kept in the form: a sent form comes from itself."""
    referrer = request.POST.get("from", "") if request.method == "POST" else request.headers.get("Referer", "")
    query = request.META.get("QUERY_STRING", "")
    clean = len(referrer) <= 2000 and not unclean(referrer)
    return Browser(
        limits.address_of(request) or "",
        request.headers.get("User-Agent", "")[:400],
        query if len(query) <= 2000 and not unclean(query) else "",
        referrer if clean and not _is_ours(request, referrer) else "",
        collecting.may_count(request.headers),
    )


def _is_ours(request: HttpRequest, referrer: str) -> bool:
    return referrer.partition("://")[2].partition("/")[0] == request.get_host()


@public
def page(request: HttpRequest, key: str) -> HttpResponse:
    """The form, and what was sent of it."""
    return _answer(request, _form_of(key), "public_form")


@xframe_options_exempt
@public
def _framed(request: HttpRequest, key: str) -> HttpResponse:
    return _answer(request, _form_of(key), "public_form_embed")


#: Other websites may show it in a frame: it knows nobody and does nothing in anybody's name.
embed = csp_replace({**public_pages.POLICY, "frame-ancestors": ["*"]})(_framed)


def _answer(request: HttpRequest, form: WebForm, name: str) -> HttpResponse:
    browser = _browser(request)
    if request.method == "POST":
        return _take(request, form, name, browser)
    if "sent" in request.GET:
        return _draw(request, form, name, "thanks", {})
    if request.method == "GET" and limits.count("web-form", limits.address_of(request)) <= VIEWS:
        web_forms.opened(form, browser)
    return _draw_form(request, form, name, PublicForm(form=form), browser)


def _take(request: HttpRequest, form: WebForm, name: str, browser: Browser) -> HttpResponse:
    filled = PublicForm(request.POST, form=form)
    if limits.count("web-form-post", limits.address_of(request)) > POSTS:
        filled.is_valid()
        filled.add_error(None, _("That was a lot at once. Please wait a minute and press Send again."))
        return _draw_form(request, form, name, filled, browser, 429)
    if request.POST.get("website"):
        return _draw(request, form, name, "thanks", {})
    if not filled.is_valid():
        web_forms.begun(form, browser)
        return _draw_form(request, form, name, filled, browser, 422)
    mark = public_pages.page_of(request.POST.get("page", ""), SALT)
    if not mark:
        filled.add_error(None, _("Please press Send once more."))
        return _draw_form(request, form, name, filled, browser, 422)
    if cache.add(f"form:{mark}", "", UNDER_WAY):  # the same page sent twice is one lead
        try:
            web_forms.send(form, filled.cleaned_data, browser)
        except BaseException:
            cache.delete(f"form:{mark}")
            raise
        cache.set(f"form:{mark}", "sent", public_pages.OPEN_FOR)
    return HttpResponseRedirect(reverse(f"marketing:{name}", args=[form.key]) + f"?sent&l={get_language()}")


def _draw_form(
    request: HttpRequest, form: WebForm, name: str, filled: PublicForm, browser: Browser, status: int = 200
) -> HttpResponse:
    query = f"?{browser.query}" if browser.query else ""
    address = reverse(f"marketing:{name}", args=[form.key]) + query
    context = {"form": filled, "page": public_pages.page_mark(SALT), "referrer": browser.referrer, "address": address}
    return _draw(request, form, name, "form", context, status)


def _draw(
    request: HttpRequest, form: WebForm, name: str, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    kept = request.GET.copy()
    kept.pop("l", None)
    return public_pages.render(
        f"marketing/public/{template}.html",
        {"web_form": form, **context},
        keep=f"&{kept.urlencode()}" if kept else "",
        status=status,
    )
