"""Support in the administration: every table is there and opens, and saves go through the services."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from crm.models import Event
from support.models import Tag
from tests.factories import CalendarFactory, MessageFactory, SavedReplyFactory, SlaPolicyFactory, TicketFactory

pytestmark = pytest.mark.django_db


def test_every_table_of_support_opens(people, client_of):
    CalendarFactory(is_default=True)
    SlaPolicyFactory(goals={"first_response": 60})
    SavedReplyFactory()
    MessageFactory(ticket=TicketFactory(tags=["vip"]), by=people.gus)
    ada = client_of(people.ada)
    for model in apps.get_app_config("support").get_models():
        assert admin.site.is_registered(model), model
        name = f"admin:support_{model._meta.model_name}"
        assert ada.get(reverse(f"{name}_changelist")).status_code == 200, model
        for row in model._default_manager.all()[:1]:
            assert ada.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model


def test_what_is_saved_there_leaves_its_event(people, client_of):
    answer = client_of(people.ada).post(reverse("admin:support_tag_add"), {"name": "vip"})
    assert answer.status_code == 302
    assert Event.objects.get(kind="tag.created").subject_id == Tag.objects.get().pk
