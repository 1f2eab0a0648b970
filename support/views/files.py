"""What came with messages: files as downloads, received HTML alone in a frame. Also saved replies while one writes."""

from __future__ import annotations

import re
from typing import Any

from csp.decorators import csp_exempt
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header

from crm.access import require, visible_to
from crm.models import Organisation
from crm.views.generic import RecordView, SignedIn

from .. import html
from ..links import link_for
from ..models import Attachment, Message, SavedReply, Ticket

LIMIT = 12


def download(attachment: Attachment) -> HttpResponse:
    """The file, which no browser opens in our name: always a download, and sandboxed should one try."""
    try:
        content = attachment.file.open("rb")
    except OSError as error:
        raise Http404 from error
    response: Any = FileResponse(content, content_type=attachment.content_type or "application/octet-stream")
    response.headers["Content-Disposition"] = content_disposition_header(True, attachment.name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@method_decorator(csp_exempt(), name="dispatch")  # its own policy is stricter
class AttachmentFile(SignedIn):
    """A file of a message that the user may read; of a note only for those who read notes."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = Attachment.objects.visible_to(self.user).filter(pk=pk).first()
        if found is None:
            raise Http404
        return download(found)


@method_decorator(csp_exempt(), name="dispatch")  # its own policy is stricter
class MessageHtml(SignedIn):
    """The received HTML of a message, cleaned, for the sandboxed frame on the ticket's page."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        tickets = visible_to(Ticket.objects.all(), self.user)
        found = (
            Message.objects.readable_by(self.user)
            .filter(pk=pk, ticket__in=tickets)
            .exclude(html="")
            .select_related("ticket")
            .first()
        )
        if found is None:
            raise Http404
        language = found.ticket.language or Organisation.current().language
        response = render(request, "support/message_html.html", {"content": html.safe(found.html), "language": language})
        response.headers["Content-Security-Policy"] = html.FRAME_POLICY
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


class Replies(RecordView):
    """Saved replies by any part of title or text, their variables filled in for this ticket. A fragment for the composer."""

    model = Ticket

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        ticket = self.fetch("change")
        require(self.user, "savedreply", "view")
        text = request.GET.get("q", "").strip()[:100]
        found = SavedReply.objects.visible_to(self.user)
        for word in text.split()[:6]:
            found = found.filter(Q(title__icontains=word) | Q(body__icontains=word))
        rows = [(row, fill(row.body, ticket, self.user)) for row in found.select_related("team")[:LIMIT]]
        return render(request, "support/_replies.html", {"replies": rows, "text": text})


#: What stands for what in a saved reply, with the words that explain it on its form.
VARIABLES = ("{name}", "{first_name}", "{number}", "{subject}", "{company}", "{agent}", "{organisation}", "{link}")
VARIABLE = re.compile(r"\{(\w+)\}")


def fill(body: str, ticket: Ticket, user: Any) -> str:
    """The text with its variables filled in; what is not known leaves nothing, what is no variable stays."""
    name = str(ticket.requester) if ticket.requester else ""
    values = {
        "name": name,
        "first_name": name.split(" ")[0],
        "number": ticket.number,
        "subject": ticket.subject,
        "company": str(ticket.company) if ticket.company else "",
        "agent": str(user),
        "organisation": Organisation.current().name,
        "link": link_for(ticket),
    }
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), body)
