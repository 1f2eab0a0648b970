"""The addresses of the import pages."""

from django.urls import path

from ..views import imports as views

urlpatterns = [
    path("settings/imports/", views.Imports.as_view(), name="imports"),
    path("settings/imports/new/", views.ImportNew.as_view(), name="import_new"),
    path("settings/imports/<int:pk>/", views.ImportRunPage.as_view(), name="import_run"),
    path("settings/imports/<int:pk>/columns/", views.ImportMap.as_view(), name="import_map"),
    path("settings/imports/<int:pk>/stop/", views.ImportStop.as_view(), name="import_stop"),
    path("settings/imports/<int:pk>/go/", views.ImportGo.as_view(), name="import_go"),
    path("settings/imports/<int:pk>/refused/", views.ImportErrors.as_view(), name="import_errors"),
]
