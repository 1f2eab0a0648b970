"""Addresses of marketing."""

from __future__ import annotations

from django.urls import path

from .views import campaigns, collect, costs, lookup, public, web, web_forms

app_name = "marketing"

urlpatterns = [
    path("campaigns/", campaigns.CampaignList.as_view(), name="campaigns"),
    path("campaigns/messages/", campaigns.MessageList.as_view(), name="messages"),
    path("campaigns/new/", campaigns.CampaignNew.as_view(), name="campaign_new"),
    path("campaigns/<int:pk>/", campaigns.CampaignPage.as_view(), name="campaign"),
    path("campaigns/<int:pk>/edit/", campaigns.CampaignEdit.as_view(), name="campaign_edit"),
    path("campaigns/<int:pk>/delete/", campaigns.CampaignDelete.as_view(), name="campaign_delete"),
    path("campaigns/<int:pk>/status/", campaigns.CampaignStatusChange.as_view(), name="campaign_status"),
    path("campaigns/<int:pk>/members/", campaigns.MemberAdd.as_view(), name="member_add"),
    path("campaigns/members/<int:pk>/status/", campaigns.MemberStatusChange.as_view(), name="member_status"),
    path("campaigns/members/<int:pk>/remove/", campaigns.MemberRemove.as_view(), name="member_remove"),
    path("costs/", costs.CostList.as_view(), name="costs"),
    path("costs/new/", costs.CostNew.as_view(), name="cost_new"),
    path("costs/<int:pk>/", costs.CostPage.as_view(), name="cost"),
    path("costs/<int:pk>/edit/", costs.CostEdit.as_view(), name="cost_edit"),
    path("costs/<int:pk>/delete/", costs.CostDelete.as_view(), name="cost_delete"),
    path("visits/", web.VisitList.as_view(), name="visits"),
    path("visits/<int:pk>/", web.VisitPage.as_view(), name="visit"),
    path("visits/forms/<int:pk>/spam/", web.SubmissionSpam.as_view(), name="submission_spam"),
    path("visits/set-up/", web.SetUp.as_view(), name="web_setup"),
    path("landing-pages/", web.LandingPages.as_view(), name="landing_pages"),
    path("landing-pages/page/", web.LandingPage.as_view(), name="landing_page"),
    path("web-forms/", web_forms.WebFormList.as_view(), name="forms"),
    path("web-forms/new/", web_forms.WebFormNew.as_view(), name="form_new"),
    path("web-forms/<int:pk>/", web_forms.WebFormPage.as_view(), name="form"),
    path("web-forms/<int:pk>/edit/", web_forms.WebFormEdit.as_view(), name="form_edit"),
    path("web-forms/<int:pk>/delete/", web_forms.WebFormDelete.as_view(), name="form_delete"),
    path("web-forms/<int:pk>/open/", web_forms.WebFormOpen.as_view(), name="form_open"),
    path("f/<str:key>/", public.page, name="public_form"),
    path("f/<str:key>/embed/", public.embed, name="public_form_embed"),
    path("web/visits.js", collect.script, name="script"),
    path("web/hits", collect.hit, name="hit"),
    path("lookup/campaigns/", lookup.CampaignLookup.as_view(), name="lookup_campaigns"),
    path("lookup/leads/", lookup.LeadLookup.as_view(), name="lookup_leads"),
]
