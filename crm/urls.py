"""All addresses. Each app brings its own; the API lives under /api/v1/."""

from django.contrib import admin
from django.urls import include, path

from crm.views import personal, settings
from crm.views.jobs import CancelView, JobsView, RetryView
from crm.views.preferences import preferences
from crm.views.search import Search
from crm.views.styleguide import styleguide

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("preferences/", preferences, name="preferences"),
    path("styleguide/", styleguide, name="styleguide"),
    path("settings/jobs/", JobsView.as_view(), name="jobs"),
    path("settings/jobs/<int:pk>/retry/", RetryView.as_view(), name="job_retry"),
    path("settings/jobs/<int:pk>/cancel/", CancelView.as_view(), name="job_cancel"),
    path("api/v1/", include("crm.api.urls")),
    path("search/", Search.as_view(), name="search"),
    path("settings/profile/", personal.Profile.as_view(), name="profile"),
    path("settings/tokens/", personal.Tokens.as_view(), name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", personal.TokenRevoke.as_view(), name="token_revoke"),
    path("settings/organisation/", settings.OrganisationPage.as_view(), name="organisation"),
    path("settings/rates/", settings.RateList.as_view(), name="rates"),
    path("settings/rates/<int:pk>/delete/", settings.RateDelete.as_view(), name="rate_delete"),
    path("settings/users/", settings.UserList.as_view(), name="users"),
    path("settings/users/new/", settings.UserNew.as_view(), name="user_new"),
    path("settings/users/<int:pk>/", settings.UserEdit.as_view(), name="user_edit"),
    path("settings/teams/", settings.TeamList.as_view(), name="teams"),
    path("settings/teams/new/", settings.TeamNew.as_view(), name="team_new"),
    path("settings/teams/<int:pk>/", settings.TeamEdit.as_view(), name="team_edit"),
    path("", include("crm.imports.urls")),
    path("", include("analytics.urls")),
    path("", include("contacts.urls")),
    path("", include("marketing.urls")),
    path("", include("deals.urls")),
    path("", include("support.urls")),
    path("", include("surveys.urls")),
    path("", include("surveys.urls_public")),
]
