"""The page behind the link in a mail. No login, no cookie, no script; nothing is recorded before somebody presses Send.

These three views are exempt from Django's CSRF check, which needs a cookie. The survey's form carries the signed nonce of its own
page instead (see `surveys.tokens`). Unsubscribing needs none: mail programs post it by themselves (RFC 8058), and the secret in
the address is known to nobody else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from crm import events, limits, public_pages

from .. import services, tokens
from ..answers import LONGEST_COMMENT, answer, changeable
from ..choices import BANDS, CLOSED, LOW_BANDS, InvitationState, ResponseState
from ..followups import owner_of
from ..models import ClickLog, Invitation, QuestionVersion, Response
from ..scores import band_of

MISSES, POSTS = 20, 120  # a minute and address
View = Callable[[HttpRequest, Invitation, str], HttpResponse]


def public(view: View) -> Any:
    """Finds the invitation, in its language and as nobody; unknown, withdrawn and mangled links get the same answer."""

    @csrf_exempt
    @csp_replace(public_pages.POLICY)  # type: ignore[arg-type]  # a view with a token is one too
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def page(request: HttpRequest, token: str) -> HttpResponse:
        address = limits.address_of(request)
        if limits.used("survey-miss", address) >= MISSES:
            return _render(request, "busy", {}, status=429)
        if request.method == "POST" and limits.count("survey-post", address) > POSTS:
            return _render(request, "busy", {}, status=429)
        invitation = tokens.find(token)
        if invitation is not None and invitation.state in (InvitationState.WITHDRAWN, InvitationState.SKIPPED):
            invitation = None
        with events.acting(None, events.Origin.FORM), override(_language(request, invitation)):
            if invitation is None:
                limits.count("survey-miss", address)
                return _render(request, "unknown", {}, status=404)
            return view(request, invitation, token)

    return page


def _language(request: HttpRequest, invitation: Invitation | None) -> str:
    """What the reader switched to, else the invitation's; a link that leads nowhere is in the browser's own language."""
    if wanted := public_pages.wanted_language(request):
        return wanted
    language = invitation.language if invitation else request.headers.get("Accept-Language", "")[:2]
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def _render(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """The switcher keeps the score that the mail's link named."""
    value = request.GET.get("v", "")
    keep = f"&v={value}" if value.isascii() and value.isdigit() else ""
    return public_pages.render(f"surveys/public/{name}.html", context, keep=keep, status=status)


def _log(request: HttpRequest, invitation: Invitation, what: str, value: int | None = None) -> None:
    """One line in the click log; nothing else in the database knows of it. A HEAD leaves none."""
    if request.method == "HEAD":
        return
    address = limits.address_of(request) or ""
    ClickLog.objects.create(
        invitation=invitation,
        method=request.method or "",
        what=what,
        value=value,
        address_hash=salted_hmac("surveys.click", address).hexdigest()[:16],
        agent=request.headers.get("User-Agent", "").replace("\x00", "")[:120],
    )


def _preselected(request: HttpRequest, invitation: Invitation) -> int | None:
    """The score that the mail's link named, if it is on the scale."""
    value = request.GET.get("v", "")
    if not value.isascii() or not value.removeprefix("-").isdigit() or len(value) > 6:
        return None
    return int(value) if int(value) in invitation.version.scale else None


@public
def survey(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """The question, or the answer that was sent, or a kind word when it is too late."""
    chosen = _preselected(request, invitation)
    over = invitation.expired() or invitation.state in CLOSED
    if request.method == "GET" or over:
        _log(request, invitation, ClickLog.PAGE, chosen)
    response = (
        Response.objects.select_related("survey", "version", "owner", "team__manager", "invitation")
        .filter(invitation=invitation, state=ResponseState.CONFIRMED)
        .first()
    )
    if over and (response is None or request.method == "POST"):
        return _render(request, "expired", {"survey": invitation.survey}, status=410)
    if request.method == "POST":
        return _take(request, invitation, token)
    if response is not None and ("edit" not in request.GET or not changeable(response)):
        return _thanks(request, invitation, response)
    return _form(request, invitation, token, chosen, response)


def _take(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    page = tokens.read_nonce(invitation, request.POST.get("page", ""))
    value, comment = request.POST.get("score", ""), request.POST.get("comment", "")
    if page is None:
        error = ValidationError(_("This page has been open for too long. Please press Send once more."))
        return _again(request, invitation, token, value, comment, error)
    try:
        sent = answer(invitation, value, comment, page, honeypot=bool(request.POST.get("website")))
    except ValidationError as error:
        return _again(request, invitation, token, value, comment, error)
    return _thanks(request, invitation, sent.response)


def _again(
    request: HttpRequest, invitation: Invitation, token: str, value: str, comment: str, error: ValidationError
) -> HttpResponse:
    """The form with what was typed and why it was not taken."""
    found = error.message_dict if hasattr(error, "error_dict") else {"form": error.messages}
    chosen = int(value) if value.isascii() and value.isdigit() and len(value) < 6 else None
    return _form(request, invitation, token, chosen, None, comment=comment, errors=found, status=422)


def _form(
    request: HttpRequest,
    invitation: Invitation,
    token: str,
    chosen: int | None,
    response: Response | None,
    *,
    comment: str = "",
    errors: dict | None = None,
    status: int = 200,
) -> HttpResponse:
    version = invitation.version
    kind = invitation.survey.kind
    selected = chosen if chosen is not None else response.score if response else None
    scale = (version.scale_min, version.scale_max, version.step, version.polarity)
    scores = [{"score": score, "band": band_of(kind, score, *scale), "on": score == selected} for score in version.scale]
    context = {
        "invitation": invitation,
        "receiver": _masked(invitation.email),
        "question": version.text("question"),
        "low": version.text("low"),
        "high": version.text("high"),
        "scores": scores,
        "row": _row(len(scores)),
        "two": len(scores) == 2,
        "selected": selected,
        "asks": [{"band": band, "text": version.follow_up(band)} for band in BANDS[kind] if version.follow_up(band)],
        "comment": comment or (response.comment if response else ""),
        "longest": LONGEST_COMMENT,
        "editing": response is not None,
        "page": tokens.page_nonce(invitation),
        "errors": errors or {},
        "way_out": reverse("surveys_public:unsubscribe", args=[token]),
        "decoy": reverse("surveys_public:decoy", args=[token]),
    }
    return _render(request, "survey", context, status=status)


LONGEST_ROW = 11


def _row(points: int) -> str:
    """How the answers are laid out: in one row, in two on a phone, or typed as a number."""
    return "few" if points <= 5 else "some" if points <= 7 else "many" if points <= LONGEST_ROW else "typed"


def _thanks(request: HttpRequest, invitation: Invitation, response: Response) -> HttpResponse:
    helper = None
    if response.state == ResponseState.CONFIRMED and response.band in LOW_BANDS:
        owner = owner_of(response)
        helper = owner.name.split(" ")[0] if owner is not None and owner.name else None
    version = response.version
    context = {
        "invitation": invitation,
        "response": response,
        "question": version.text("question"),
        "label": {version.scale_min: version.text("low"), version.scale_max: version.text("high")}.get(response.score, ""),
        "highest": version.scale_max,
        "two": len(version.scale) == 2,
        "thanks": version.text("thanks"),
        "helper": helper,
        "changeable": changeable(response),
    }
    return _render(request, "thanks", context)


def _masked(email: str) -> str:
    """j***@example.com: enough for the receiver to know the own address, too little for anybody else."""
    name, _at, host = email.partition("@")
    return f"{name[:1]}***@{host}" if host else ""


@public
def unsubscribe(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """A page with a button; the button, and the one click of a mail program, unsubscribe. With a way back."""
    if request.method == "POST":
        (services.resubscribe if request.POST.get("undo") else services.unsubscribe)(invitation)
    out = services.is_unsubscribed(invitation.person, invitation.email)
    return _render(
        request, "unsubscribe", {"out": out, "receiver": _masked(invitation.email), "posted": request.method == "POST"}
    )


@public
def decoy(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    """What a link that nobody can see leads to: only a machine comes here, and finds an empty page."""
    _log(request, invitation, ClickLog.DECOY)
    return _render(request, "decoy", {})


def preview(request: HttpRequest, version: QuestionVersion) -> HttpResponse:
    """The page as a customer would see it, for those who write the question; nothing can be sent from it."""
    invitation = Invitation(survey=version.survey, version=version, email="name@example.com")
    return _form(request, invitation, "preview", None, None)
