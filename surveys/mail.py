"""The mail of an invitation: the question, the scores as links that preselect and never answer, and a way out."""

from __future__ import annotations

from email.utils import formataddr, parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import override

from crm.models import Organisation

from .models import Invitation
from .tokens import url

MOST_BUTTONS = 11  # a longer scale gets one link to the page instead of a row of scores


def message_id(invitation: Invitation, *, reminder: bool = False) -> str:
    """The same for every try, so that a mail that is sent again after a broken connection is seen as the same mail."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    return f"<survey.{invitation.pk}{'.reminder' if reminder else ''}@{host}>"


def buttons(invitation: Invitation, token: str) -> list[dict[str, Any]]:
    """The scores with their links; none for a scale too long for a mail."""
    version = invitation.version
    if len(version.scale) > MOST_BUTTONS:
        return []
    ends = {
        version.scale_min: version.text("low", invitation.language),
        version.scale_max: version.text("high", invitation.language),
    }
    words = ends if len(version.scale) == 2 else {}
    return [{"score": score, "label": words.get(score) or score, "url": url(token, score=score)} for score in version.scale]


def build(invitation: Invitation, token: str, *, reminder: bool = False) -> EmailMultiAlternatives:
    """The message in the invitation's language, HTML and plain text."""
    version, survey, language = invitation.version, invitation.survey, invitation.language
    organisation = Organisation.current()
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    way_out = url(token, name="surveys_public:unsubscribe")
    context = {
        "invitation": invitation,
        "organisation": organisation,
        "language": language,
        "question": version.text("question", language),
        "low": version.text("low", language),
        "high": version.text("high", language),
        "buttons": buttons(invitation, token),
        "link": url(token),
        "way_out": way_out,
        "reminder": reminder,
    }
    with override(language):
        message = EmailMultiAlternatives(
            subject=" ".join(render_to_string("surveys/mail_subject.txt", context).split()),
            body=render_to_string("surveys/mail.txt", context),
            from_email=formataddr((" ".join((survey.sender_name or organisation.name or name).split()), address)),
            to=[invitation.email],
            reply_to=[survey.reply_to] if survey.reply_to else None,
            headers={
                "Message-ID": message_id(invitation, reminder=reminder),
                "List-Unsubscribe": f"<{way_out}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                "Auto-Submitted": "auto-generated",
            },
        )
        message.attach_alternative(render_to_string("surveys/mail.html", context), "text/html")
    return message
