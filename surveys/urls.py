"""Addresses of surveys for those who work with them; the customer's page is in `urls_public`."""

from __future__ import annotations

from django.urls import path

from .views import invitations, responses, surveys

app_name = "surveys"

urlpatterns = [
    path("surveys/", surveys.SurveyList.as_view(), name="surveys"),
    path("surveys/new/", surveys.SurveyNew.as_view(), name="survey_new"),
    path("surveys/<int:pk>/", surveys.SurveyPage.as_view(), name="survey"),
    path("surveys/<int:pk>/edit/", surveys.SurveyEdit.as_view(), name="survey_edit"),
    path("surveys/<int:pk>/delete/", surveys.SurveyDelete.as_view(), name="survey_delete"),
    path("surveys/<int:pk>/preview/", surveys.SurveyPreview.as_view(), name="survey_preview"),
    path("surveys/<int:pk>/switch/", surveys.SurveySwitch.as_view(), name="survey_switch"),
    path("surveys/<int:pk>/send/", surveys.SurveySend.as_view(), name="survey_send"),
    path("surveys/responses/", responses.ResponseList.as_view(), name="responses"),
    path("surveys/responses/<int:pk>/", responses.ResponsePage.as_view(), name="response"),
    path("surveys/responses/<int:pk>/release/", responses.ResponseRelease.as_view(), name="response_release"),
    path("surveys/responses/<int:pk>/reject/", responses.ResponseReject.as_view(), name="response_reject"),
    path("surveys/responses/<int:pk>/follow-up/", responses.ResponseFollowUp.as_view(), name="response_follow_up"),
    path("surveys/invitations/", invitations.InvitationList.as_view(), name="invitations"),
    path("surveys/invitations/<int:pk>/", invitations.InvitationPage.as_view(), name="invitation"),
    path("surveys/invitations/<int:pk>/withdraw/", invitations.InvitationWithdraw.as_view(), name="invitation_withdraw"),
]
