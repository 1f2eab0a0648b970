"""Importing the messages of campaigns, as mailing tools export them: one row a message, with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.imports.common import differing, refuse_by
from crm.imports.engine import Step
from crm.imports.registry import Field, Kind, Row, register

from ..mailing import check_message, save_message, write_messages
from ..models import CampaignMessage
from .campaigns import find_campaign

TOLD = ("bounced_at", "opened_at", "open_by_machine", "clicked_at", "opted_out_at")
YES_NO = (("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No")), ("yes", "true"), ("no", "false"), ("yes", "1"), ("no", "0"))


@register
class Messages(Kind):
    """Messages of campaigns. A later export of the same messages tells what has become of them since."""

    key = "messages"
    label = gettext_lazy("Messages of campaigns")
    needs = (("campaignmessage", "add"),)
    required = (("campaign",), ("email",), ("sent_at",))
    fields = (
        Field(
            "campaign",
            gettext_lazy("Campaign"),
            limit=120,
            headings=("campaign name", "campaign title", "utm_campaign", "subject"),
        ),
        Field("number", gettext_lazy("Number"), limit=120, headings=("message id", "message_id", "id", "email id")),
        Field("email", gettext_lazy("E-mail"), "email", headings=("email address", "recipient", "to", "contact")),
        Field("sent_at", gettext_lazy("Sent"), "moment", headings=("sent", "send time", "sent date", "delivered", "send date")),
        Field("bounced_at", gettext_lazy("Bounced"), "moment", headings=("bounced", "bounce date", "bounce time")),
        Field(
            "opened_at", gettext_lazy("First opened"), "moment", headings=("opened", "first open", "open date", "first opened")
        ),
        Field(
            "open_by_machine",
            gettext_lazy("Opened by a machine"),
            "choice",
            choices=YES_NO,
            headings=("machine open", "bot open"),
        ),
        Field("clicked_at", gettext_lazy("First clicked"), "moment", headings=("clicked", "first click", "click date")),
        Field("opted_out_at", gettext_lazy("Opted out"), "moment", headings=("unsubscribed", "opt-out", "unsubscribe date")),
    )

    def identities(self, row: Row) -> list[str]:
        told = [row.raw.get(key, "").strip().lower() for key in ("campaign", "email", "sent_at")]
        number = row.raw.get("number", "").strip()
        return ["|".join(told), *([f"n:{told[0]}|{number}"] if number else [])]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        read = [(row, message) for row in rows if (message := self._message(row, step)) is not None]
        known = _known([message for _row, message in read])
        fresh = []
        for row, message in read:
            there = known.get(("n", message.campaign_id, message.number)) if message.number else None
            there = there or known.get(("e", message.campaign_id, message.email, message.sent_at))
            if there is not None and there.email != message.email:
                row.refuse("number", _("is that of a message to another address"))
            elif there is not None:
                self._tell(row, there)
            else:
                row.result = "created"
                fresh.append(message)
        write_messages(fresh)

    def _message(self, row: Row, step: Step) -> CampaignMessage | None:
        """The unsaved message of a row; the row is refused where it cannot be one."""
        for key in ("email", "sent_at"):
            if not row.get(key):
                row.refuse(key, _("is missing"))
        campaign = None if row.refused else find_campaign(step, row)
        if campaign is None:
            row.refuse("campaign", _("is missing"))
            return None
        if not step.may_change(campaign, "campaign"):
            row.refuse("campaign", _("belongs to another team"))
            return None
        message = CampaignMessage(campaign=campaign, number=row.text("number"), email=row.text("email").lower())
        for name in ("sent_at", *TOLD):
            if row.get(name) is not None:
                setattr(message, name, row.get(name) == "yes" if name == "open_by_machine" else row.get(name))
        try:
            message.clean_fields(exclude=["campaign", "person", "lead", "owner", "team"])
            check_message(message)
        except ValidationError as error:
            refuse_by(row, self, error)
        return None if row.refused else message

    def _tell(self, row: Row, message: CampaignMessage) -> None:
        """What the file knows and we do not, or know otherwise; what it leaves blank stays."""
        said: dict[str, Any] = {name: row.get(name) for name in TOLD if row.get(name) is not None}
        if "open_by_machine" in said:
            said["open_by_machine"] = said["open_by_machine"] == "yes"
        changes = differing(message, said)
        row.result = "updated" if changes else "unchanged"
        if changes:
            save_message(message, **changes)


def _known(messages: Sequence[CampaignMessage]) -> dict[tuple[Any, ...], CampaignMessage]:
    """Messages that are there, by the tool's number and by recipient and time."""
    found: dict[tuple[Any, ...], CampaignMessage] = {}
    same = Q(email__in={message.email for message in messages}) | Q(number__in={message.number for message in messages} - {""})
    for message in CampaignMessage.objects.filter(same, campaign__in={message.campaign_id for message in messages}):
        found["e", message.campaign_id, message.email, message.sent_at] = message
        if message.number:
            found["n", message.campaign_id, message.number] = message
    return found
