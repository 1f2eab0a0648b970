"""Invitations: who was asked, who was not and why."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Company, Person
from crm.history import changes_of
from crm.views.generic import ActionView, DetailView, ListView

from .. import services
from ..choices import PENDING, InvitationState
from ..columns import INVITATIONS
from ..filters import InvitationFilter
from ..models import Invitation
from .responses import sees, subject_of


class InvitationList(ListView):
    model = Invitation
    filterset_class = InvitationFilter
    columns = INVITATIONS
    rows_template = "surveys/_invitation_rows.html"
    icon = "send"
    empty_title = gettext_lazy("Nobody was asked yet")
    empty_text = gettext_lazy("Everybody who was asked stands here, and everybody who was not, with the reason.")


class InvitationPage(DetailView):
    model = Invitation
    template = "surveys/invitation.html"

    def base(self) -> Any:
        return Invitation.objects.for_list().select_related("response", "starved_by__survey")

    def extra(self, invitation: Any) -> dict:
        response = getattr(invitation, "response", None)
        return {
            "person_visible": sees(self.user, Person, invitation.person_id),
            "company_visible": sees(self.user, Company, invitation.company_id),
            "subject": subject_of(invitation, self.user),
            "answer": response,
            "clicks": list(invitation.clicks.order_by("-at")[:20]),
            "changes": changes_of(invitation),
            "may_withdraw": self.may("change", invitation) and invitation.state in (*PENDING, InvitationState.SENT),
        }


class InvitationWithdraw(ActionView):
    model = Invitation

    def act(self, invitation: Any) -> str:
        services.withdraw(invitation)
        return _("Withdrawn: the link leads nowhere now")
