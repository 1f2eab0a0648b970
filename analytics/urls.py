"""Addresses of the numbers. The overview is the start page."""

from django.urls import path

from . import views
from .own import views as own
from .views import success, targets

app_name = "analytics"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("numbers/", views.numbers, name="numbers"),
    path("settings/numbers-check/", views.CheckPage.as_view(), name="check"),
    path("boards/<slug:key>/", views.board, name="board"),
    path("boards/<slug:key>/<slug:block>.csv", views.board_export, name="board_export"),
    path("targets/", targets.TargetList.as_view(), name="targets"),
    path("targets/new/", targets.TargetNew.as_view(), name="target_new"),
    path("targets/year/", targets.TargetYear.as_view(), name="target_year"),
    path("targets/<int:pk>/", targets.TargetPage.as_view(), name="target"),
    path("targets/<int:pk>/edit/", targets.TargetEdit.as_view(), name="target_edit"),
    path("targets/<int:pk>/delete/", targets.TargetDelete.as_view(), name="target_delete"),
    path("own-numbers/", own.OwnNumberList.as_view(), name="own_numbers"),
    path("own-numbers/new/", own.OwnNumberNew.as_view(), name="own_number_new"),
    path("own-numbers/<int:pk>/", own.OwnNumberPage.as_view(), name="own_number"),
    path("own-numbers/<int:pk>/edit/", own.OwnNumberEdit.as_view(), name="own_number_edit"),
    path("own-numbers/<int:pk>/delete/", own.OwnNumberDelete.as_view(), name="own_number_delete"),
    path("thresholds/", success.ThresholdList.as_view(), name="thresholds"),
    path("thresholds/new/", success.ThresholdNew.as_view(), name="threshold_new"),
    path("thresholds/<int:pk>/", success.ThresholdPage.as_view(), name="threshold"),
    path("thresholds/<int:pk>/edit/", success.ThresholdEdit.as_view(), name="threshold_edit"),
    path("thresholds/<int:pk>/delete/", success.ThresholdDelete.as_view(), name="threshold_delete"),
    path("numbers/<slug:key>/", views.page, name="kpi"),
    path("numbers/<slug:key>/card/", views.card, name="card"),
    path("numbers/<slug:key>/records/", views.records, name="records"),
    path("numbers/<slug:key>/<slug:block>.csv", views.export, name="export"),
]
