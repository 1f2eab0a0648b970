"""Campaigns: list, page with its members and money, form, and links that carry the campaign's marks."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts.models import Lead, Person
from contacts.views.common import timeline_of
from crm.access import get_or_404, may
from crm.history import changes_of
from crm.models import Organisation
from crm.money import Rates
from crm.periods import local_day
from crm.views.generic import ActionView, DeleteView, DetailView, FormView, ListView, RecordView

from .. import services
from ..choices import CampaignStatus, MemberStatus
from ..columns import CAMPAIGNS, MESSAGES
from ..filters import CampaignFilter, MessageFilter
from ..forms import CampaignForm, LinkForm, MemberForm
from ..models import Campaign, CampaignMember, CampaignMessage

SHOWN = 20  # members on the page


def lead_counts(campaigns: list[Campaign]) -> dict[str, int]:
    """How many leads carry each campaign's code, in one query."""
    codes = [campaign.code for campaign in campaigns]
    rows = Lead.objects.filter(campaign__in=codes).order_by().values_list("campaign").annotate(n=Count("pk"))
    return dict(rows) if codes else {}


class CampaignList(ListView):
    model = Campaign
    filterset_class = CampaignFilter
    columns = CAMPAIGNS
    rows_template = "marketing/_campaign_rows.html"
    new_url = reverse_lazy("marketing:campaign_new")
    new_label = gettext_lazy("New campaign")
    icon = "megaphone"
    empty_title = gettext_lazy("No campaigns yet")
    empty_text = gettext_lazy("What you do to win customers stands here, with its budget, what it cost and the leads it brought.")

    def extra(self, page: Any) -> dict:
        """The leads of this page's campaigns, and whether the reader may see money."""
        counts = lead_counts(page.rows)
        for campaign in page.rows:
            campaign.lead_count = counts.get(campaign.code, 0)
        return {"shows_costs": may(self.user, "cost", "view"), "base": Organisation.current().base_currency}


def tagged(link: str, campaign: Campaign) -> str:
    """The link with the campaign's marks, in place of those that it may have carried."""
    parts = urlsplit(link)
    marks = {"utm_source": campaign.source, "utm_medium": campaign.channel, "utm_campaign": campaign.code}
    kept = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in marks]
    return parts._replace(query=urlencode(kept + [(key, value) for key, value in marks.items() if value])).geturl()


class CampaignPage(DetailView):
    model = Campaign
    template = "marketing/campaign.html"

    def base(self) -> Any:
        return Campaign.objects.for_list()

    def extra(self, campaign: Any) -> dict:
        user = self.user
        members = list(campaign.members.for_list()[: SHOWN + 1])
        seen = {
            name: set(
                model.objects.visible_to(user)
                .filter(pk__in=[getattr(m, f"{name}_id") for m in members])
                .values_list("pk", flat=True)
            )
            for name, model in (("lead", Lead), ("person", Person))
        }
        for member in members:
            member.visible = member.lead_id in seen["lead"] or member.person_id in seen["person"]
        form = LinkForm(self.request.GET if "link" in self.request.GET else None)
        may_change = self.may("change", campaign)
        return {
            "members": members[:SHOWN],
            "more_members": len(members) > SHOWN,
            "counts": campaign.members.aggregate(n=Count("pk"), responded=Count("pk", filter=Q(status=MemberStatus.RESPONDED))),
            "member_form": MemberForm(user=user) if may_change else None,
            "member_statuses": MemberStatus.choices,
            "statuses": [choice for choice in CampaignStatus.choices if choice[0] != campaign.status],
            "leads": lead_counts([campaign]).get(campaign.code, 0),
            "mail": self.messages(campaign) if may(user, "campaignmessage", "view") else None,
            "money": self.money(campaign) if may(user, "cost", "view") else None,
            "may_add_cost": may(user, "cost", "add"),
            "link_form": form,
            "link": tagged(form.cleaned_data["link"], campaign) if form.is_bound and form.is_valid() else "",
            "timeline": timeline_of(campaign, user, limit=15),
            "changes": changes_of(campaign),
        }

    @staticmethod
    def money(campaign: Any) -> dict[str, Any]:
        """What was spent of the budget, in base currency; the budget is converted at the rate of the campaign's first day."""
        rates = Rates.load()
        day = campaign.start or local_day(campaign.created_at)
        budget = rates.convert(campaign.budget, campaign.currency, day)
        costs = list(campaign.costs.for_list().order_by("-posted_on", "-pk")[:11])
        return {
            "base": rates.base,
            "spent": campaign.spent,
            "unconverted": campaign.unconverted,
            "budget": budget,
            "share": round(100 * campaign.spent / budget) if budget else None,
            "costs": costs[:10],
            "more": len(costs) > 10,
        }

    @staticmethod
    def messages(campaign: Any) -> dict[str, int]:
        """How many messages it sent, and what became of them; as they stand, without the rules of the numbers."""
        told = {
            name: Count("pk", filter=Q(**{f"{name}_at__isnull": False})) for name in ("bounced", "opened", "clicked", "opted_out")
        }
        return campaign.messages.aggregate(sent=Count("pk"), **told)


class MessageList(ListView):
    model = CampaignMessage
    filterset_class = MessageFilter
    columns = MESSAGES
    rows_template = "marketing/_message_rows.html"
    icon = "mail"
    empty_title = gettext_lazy("No messages yet")
    empty_text = gettext_lazy("Import what your mailing tool tells of the messages it sent, or let it write to the API.")

    def extra(self, page: Any) -> dict:
        """Which of the recipients the reader may open."""
        for name, model in (("person", Person), ("lead", Lead)):
            ids = {getattr(message, f"{name}_id") for message in page.rows} - {None}
            seen = set(model.objects.visible_to(self.user).filter(pk__in=ids).values_list("pk", flat=True))
            for message in page.rows:
                if getattr(message, f"{name}_id") in seen:
                    message.who = getattr(message, name)
        return {}


class CampaignEdit(FormView):
    model = Campaign
    form_class: Any = CampaignForm
    template = "marketing/campaign_form.html"

    def save(self, form: Any) -> Campaign:
        return services.save_campaign(form.record, **form.changes())

    def list_url(self) -> str:
        return reverse("marketing:campaigns")


class CampaignNew(CampaignEdit):
    creates = True


class CampaignDelete(DeleteView):
    model = Campaign
    remove = staticmethod(services.delete_campaign)
    list_url = "marketing:campaigns"


class CampaignStatusChange(ActionView):
    """Sets the status from the campaign's page."""

    model = Campaign

    def act(self, campaign: Any) -> str:
        status = self.request.POST.get("status", "")
        if status not in CampaignStatus.values:
            raise ValidationError(_("This status cannot be set here."))
        services.save_campaign(campaign, status=status)
        return _("Status is now “%(status)s”") % {"status": CampaignStatus(status).label}


class MemberAdd(RecordView):
    """Adds a lead or person to a campaign; from its page, or from theirs with ?next."""

    model = Campaign
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.fetch("change")
        form = MemberForm(request.POST, user=self.user)
        back = HttpResponseRedirect(f"{campaign.get_absolute_url()}#members")
        if not form.is_valid():
            messages.error(request, " ".join(error for errors in form.errors.values() for error in errors))
            return back
        data = form.cleaned_data
        with transaction.atomic():
            made = services.add_members(
                campaign,
                leads=[data["lead"]] if data["lead"] else [],
                people=[data["person"]] if data["person"] else [],
                status=data["status"],
            )
        if made:
            messages.success(request, ngettext("%(n)s member added", "%(n)s members added", len(made)) % {"n": len(made)})
        else:
            messages.info(request, _("Already a member."))
        return back


class MemberAction(RecordView):
    """Something done to one member of a campaign that the user may change."""

    model = Campaign
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        member = CampaignMember.objects.for_list().filter(pk=pk).first()
        if member is None:
            raise Http404
        campaign = get_or_404(Campaign.objects.all(), self.user, "change", pk=member.campaign_id)
        with transaction.atomic():
            messages.success(request, self.act(member))
        return HttpResponseRedirect(f"{campaign.get_absolute_url()}#members")

    def act(self, member: CampaignMember) -> str:
        raise NotImplementedError


class MemberStatusChange(MemberAction):
    def act(self, member: CampaignMember) -> str:
        status = self.request.POST.get("status", "")
        if status in MemberStatus.values:
            services.set_member(member, status)
        return _("%(name)s: %(status)s") % {"name": member, "status": member.get_status_display()}


class MemberRemove(MemberAction):
    def act(self, member: CampaignMember) -> str:
        services.remove_member(member)
        return _("%(name)s is not a member any more") % {"name": member}
