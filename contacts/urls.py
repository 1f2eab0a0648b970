"""Addresses of companies, people, leads, activities and tasks."""

from __future__ import annotations

from django.urls import path

from .views import activities, companies, leads, lookup, people

app_name = "contacts"

urlpatterns = [
    path("companies/", companies.CompanyList.as_view(), name="companies"),
    path("companies/new/", companies.CompanyNew.as_view(), name="company_new"),
    path("companies/<int:pk>/", companies.CompanyPage.as_view(), name="company"),
    path("companies/<int:pk>/edit/", companies.CompanyEdit.as_view(), name="company_edit"),
    path("companies/<int:pk>/delete/", companies.CompanyDelete.as_view(), name="company_delete"),
    path("companies/<int:pk>/merge/", companies.CompanyMerge.as_view(), name="company_merge"),
    path("companies/<int:pk>/log/", activities.CompanyLog.as_view(), name="company_log"),
    path("companies/<int:pk>/task/", activities.CompanyTask.as_view(), name="company_task"),
    path("people/", people.PersonList.as_view(), name="people"),
    path("people/new/", people.PersonNew.as_view(), name="person_new"),
    path("people/<int:pk>/", people.PersonPage.as_view(), name="person"),
    path("people/<int:pk>/edit/", people.PersonEdit.as_view(), name="person_edit"),
    path("people/<int:pk>/delete/", people.PersonDelete.as_view(), name="person_delete"),
    path("people/<int:pk>/merge/", people.PersonMerge.as_view(), name="person_merge"),
    path("people/<int:pk>/log/", activities.PersonLog.as_view(), name="person_log"),
    path("people/<int:pk>/task/", activities.PersonTask.as_view(), name="person_task"),
    path("leads/", leads.LeadList.as_view(), name="leads"),
    path("leads/new/", leads.LeadNew.as_view(), name="lead_new"),
    path("leads/<int:pk>/", leads.LeadPage.as_view(), name="lead"),
    path("leads/<int:pk>/edit/", leads.LeadEdit.as_view(), name="lead_edit"),
    path("leads/<int:pk>/delete/", leads.LeadDelete.as_view(), name="lead_delete"),
    path("leads/<int:pk>/status/", leads.LeadStatusChange.as_view(), name="lead_status"),
    path("leads/<int:pk>/log/", activities.LeadLog.as_view(), name="lead_log"),
    path("leads/<int:pk>/task/", activities.LeadTask.as_view(), name="lead_task"),
    path("activities/<int:pk>/edit/", activities.ActivityEdit.as_view(), name="activity_edit"),
    path("activities/<int:pk>/delete/", activities.ActivityDelete.as_view(), name="activity_delete"),
    path("tasks/", activities.TaskList.as_view(), name="tasks"),
    path("tasks/new/", activities.TaskNew.as_view(), name="task_new"),
    path("tasks/<int:pk>/edit/", activities.TaskEdit.as_view(), name="task_edit"),
    path("tasks/<int:pk>/done/", activities.TaskDone.as_view(), name="task_done"),
    path("tasks/<int:pk>/undo/", activities.TaskUndo.as_view(), name="task_undo"),
    path("tasks/<int:pk>/delete/", activities.TaskDelete.as_view(), name="task_delete"),
    path("lookup/companies/", lookup.CompanyLookup.as_view(), name="lookup_companies"),
    path("lookup/people/", lookup.PersonLookup.as_view(), name="lookup_people"),
]
