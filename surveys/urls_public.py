"""The addresses in the mails: short, without a login, and the same 404 for everything that is no valid secret."""

from django.urls import path

from .views import public

app_name = "surveys_public"

urlpatterns = [
    path("s/<str:token>/", public.survey, name="survey"),
    path("s/<str:token>/unsubscribe/", public.unsubscribe, name="unsubscribe"),
    path("s/<str:token>/more/", public.decoy, name="decoy"),
]
