"""Tests that every kind of record inherits: list, create, edit, delete, who may what, and a constant number of queries.

A test class names the model's addresses, how one is made, and what its form takes; it gets the tests. Ann owns the record,
Ben is in her team, Cleo is in another, Max manages Ann's team, Ada administrates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from .people import People

LIST_QUERIES = 12


def queries_of(client: Client, url: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200
    return len(captured)


@pytest.mark.django_db
class RecordSuite:
    """Base; a subclass sets these and is named Test…"""

    model: Any
    list_url = ""
    page_url = ""
    new_url = ""
    edit_url = ""
    delete_url = ""
    name_field = "name"

    def make(self, **values: Any) -> Any:
        """A saved record."""
        raise NotImplementedError

    def form(self, **values: Any) -> dict[str, Any]:
        """What the form of a new record posts."""
        raise NotImplementedError

    def named(self, record: Any) -> str:
        return getattr(record, self.name_field)

    @pytest.fixture
    def mine(self, people: People) -> Any:
        """Ann's record."""
        return self.make(owner=people.ann)

    def at(self, name: str, record: Any = None) -> str:
        return reverse(name, args=[record.pk] if record is not None else [])

    # --- list

    def test_list_shows_ones_own(self, people: People, client_of: Callable[[Any], Client], mine: Any) -> None:
        assert self.named(mine) in client_of(people.ann).get(self.at(self.list_url)).content.decode()

    @pytest.mark.parametrize("who", ["ben", "cleo"])
    def test_list_hides_what_is_anothers(self, people: People, client_of: Callable[[Any], Client], mine: Any, who: str) -> None:
        assert self.named(mine) not in client_of(getattr(people, who)).get(self.at(self.list_url)).content.decode()

    @pytest.mark.parametrize("who", ["max", "ada"])
    def test_list_shows_managers_their_teams(
        self, people: People, client_of: Callable[[Any], Client], mine: Any, who: str
    ) -> None:
        assert self.named(mine) in client_of(getattr(people, who)).get(self.at(self.list_url)).content.decode()

    def test_list_sends_visitors_to_the_login(self, people: People, client: Client) -> None:
        assert "/login/" in client.get(self.at(self.list_url))["Location"]

    def test_list_answers_htmx_with_the_table_only(self, people: People, client_of: Callable[[Any], Client], mine: Any) -> None:
        response = client_of(people.ann).get(self.at(self.list_url), headers={"HX-Request": "true"})
        text = response.content.decode()
        assert "<html" not in text
        assert self.named(mine) in text
        assert "HX-Request" in response["Vary"]

    def test_list_takes_as_many_queries_with_30_rows_as_with_1(
        self, people: People, client_of: Callable[[Any], Client], mine: Any
    ) -> None:
        client = client_of(people.ann)
        url = self.at(self.list_url)
        client.get(url)
        few = queries_of(client, url)
        for _number in range(29):
            self.make(owner=people.ann)
        many = queries_of(client, url)
        assert many == few
        assert many <= LIST_QUERIES

    @pytest.mark.parametrize(
        "query",
        [
            "page=0",
            "page=-1",
            "page=abc",
            "page=99999999999999999999",
            "page=٣",
            "sort=password",
            "sort=-",
            "sort=owner__password",
            "owner=999999999999999999999999",
            "owner=abc",
            "team=abc",
            "created=never",
            "status=odd",
            "q=%22%27%29%3B--",
            "q=" + "x" * 5000,
            "q=%25_",
            "export=exe",
        ],
    )
    def test_list_survives_what_nobody_should_type(
        self, people: People, client_of: Callable[[Any], Client], mine: Any, query: str
    ) -> None:
        assert client_of(people.ann).get(f"{self.at(self.list_url)}?{query}").status_code == 200

    def test_list_refuses_bytes_that_cannot_be_stored(self, people: People, client_of: Callable[[Any], Client]) -> None:
        assert client_of(people.ann).get(f"{self.at(self.list_url)}?q=%00").status_code == 400

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_export_holds_ones_own_only(self, people: People, client_of: Callable[[Any], Client], mine: Any, kind: str) -> None:
        response = client_of(people.ann).get(f"{self.at(self.list_url)}?export={kind}")
        content = b"".join(response.streaming_content) if response.streaming else response.content
        assert response.status_code == 200
        assert "attachment" in response["Content-Disposition"]
        if kind == "csv":
            other = client_of(people.cleo).get(f"{self.at(self.list_url)}?export=csv")
            theirs = b"".join(other.streaming_content) if other.streaming else other.content
            assert self.named(mine) in content.decode()
            assert self.named(mine) not in theirs.decode()

    # --- page

    def test_page_shows_the_record_to_its_owner(self, people: People, client_of: Callable[[Any], Client], mine: Any) -> None:
        assert self.named(mine) in client_of(people.ann).get(self.at(self.page_url, mine)).content.decode()

    @pytest.mark.parametrize("who", ["ben", "cleo"])
    @pytest.mark.parametrize("name", ["page_url", "edit_url", "delete_url"])
    def test_outsiders_get_404(self, people: People, client_of: Callable[[Any], Client], mine: Any, who: str, name: str) -> None:
        assert client_of(getattr(people, who)).get(self.at(getattr(self, name), mine)).status_code == 404

    def test_page_of_a_record_that_is_not_there_is_404(
        self, people: People, client_of: Callable[[Any], Client], mine: Any
    ) -> None:
        address = self.at(self.page_url, mine).replace(str(mine.pk), "99999999999999999999999")
        assert client_of(people.ada).get(address).status_code == 404

    # --- create

    def test_form_of_a_new_one_opens(self, people: People, client_of: Callable[[Any], Client]) -> None:
        assert client_of(people.ann).get(self.at(self.new_url)).status_code == 200

    def test_creating_saves_it_for_its_owner(self, people: People, client_of: Callable[[Any], Client]) -> None:
        before = set(self.model.objects.values_list("pk", flat=True))
        response = client_of(people.ann).post(self.at(self.new_url), self.form())
        assert response.status_code == 302, response.context["form"].errors
        made = self.model.objects.exclude(pk__in=before).get()
        assert made.owner == people.ann
        assert made.team == people.north
        assert made.origin == "page"

    def test_creating_without_what_is_needed_says_so_and_keeps_the_rest(
        self, people: People, client_of: Callable[[Any], Client]
    ) -> None:
        wrong = {key: "" if key in self.needed else value for key, value in self.form(description="kept words").items()}
        response = client_of(people.ann).post(self.at(self.new_url), wrong)
        assert response.status_code == 422
        assert "kept words" in response.content.decode()

    needed: tuple[str, ...] = ("name",)

    @pytest.mark.parametrize("who", ["gus"])
    def test_roles_without_the_right_cannot_create(self, people: People, client_of: Callable[[Any], Client], who: str) -> None:
        from crm.access import may

        user = getattr(people, who)
        expected = 200 if may(user, self.model._meta.model_name, "add") else 403
        assert client_of(user).get(self.at(self.new_url)).status_code == expected

    def test_a_colleague_cannot_be_made_owner_by_a_rep(self, people: People, client_of: Callable[[Any], Client]) -> None:
        before = set(self.model.objects.values_list("pk", flat=True))
        client_of(people.ann).post(self.at(self.new_url), self.form(owner=people.cleo.pk))
        for made in self.model.objects.exclude(pk__in=before):
            assert made.owner == people.ann

    def test_a_manager_cannot_name_an_owner_of_another_team(self, people: People, client_of: Callable[[Any], Client]) -> None:
        response = client_of(people.max).post(self.at(self.new_url), self.form(owner=people.cleo.pk))
        assert response.status_code == 422
        assert "owner" in response.context["form"].errors

    # --- edit

    def test_editing_changes_only_what_was_changed(self, people: People, client_of: Callable[[Any], Client], mine: Any) -> None:
        client = client_of(people.ann)
        form = self.opened(client, mine)
        form[self.name_field] = "Changed name"
        response = client.post(self.at(self.edit_url, mine), form)
        assert response.status_code == 302, response.context["form"].errors
        mine.refresh_from_db()
        assert getattr(mine, self.name_field) == "Changed name"

    def test_a_second_editor_of_the_same_field_is_told(
        self, people: People, client_of: Callable[[Any], Client], mine: Any
    ) -> None:
        ann, max_ = client_of(people.ann), client_of(people.max)
        first, second = self.opened(ann, mine), self.opened(max_, mine)
        first[self.name_field], second[self.name_field] = "From Ann", "From Max"
        assert ann.post(self.at(self.edit_url, mine), first).status_code == 302
        response = max_.post(self.at(self.edit_url, mine), second)
        assert response.status_code == 409
        text = response.content.decode()
        assert "Ann Archer" in text
        assert "From Ann" in text
        assert "From Max" in text
        mine.refresh_from_db()
        assert getattr(mine, self.name_field) == "From Ann"

    def test_saving_again_after_being_told_keeps_what_was_typed(
        self, people: People, client_of: Callable[[Any], Client], mine: Any
    ) -> None:
        ann, max_ = client_of(people.ann), client_of(people.max)
        first, second = self.opened(ann, mine), self.opened(max_, mine)
        first[self.name_field], second[self.name_field] = "From Ann", "From Max"
        ann.post(self.at(self.edit_url, mine), first)
        response = max_.post(self.at(self.edit_url, mine), second)
        second["seen"] = response.context["form"]["seen"].value()
        assert max_.post(self.at(self.edit_url, mine), second).status_code == 302
        mine.refresh_from_db()
        assert getattr(mine, self.name_field) == "From Max"

    def test_two_editors_of_different_fields_do_not_undo_each_other(
        self, people: People, client_of: Callable[[Any], Client], mine: Any
    ) -> None:
        ann, max_ = client_of(people.ann), client_of(people.max)
        first, second = self.opened(ann, mine), self.opened(max_, mine)
        first[self.name_field], second["source"] = "From Ann", "fair"
        assert ann.post(self.at(self.edit_url, mine), first).status_code == 302
        assert max_.post(self.at(self.edit_url, mine), second).status_code == 302
        mine.refresh_from_db()
        assert (getattr(mine, self.name_field), mine.source) == ("From Ann", "fair")

    def opened(self, client: Client, record: Any) -> dict[str, Any]:
        """What the edit form posts when nothing is changed."""
        form = client.get(self.at(self.edit_url, record)).context["form"]
        return posted(form)

    # --- delete

    def test_a_rep_may_not_delete(self, people: People, client_of: Callable[[Any], Client], mine: Any) -> None:
        assert client_of(people.ann).post(self.at(self.delete_url, mine)).status_code == 403
        assert self.model.objects.filter(pk=mine.pk).exists()

    def test_a_manager_deletes_after_being_asked(self, people: People, client_of: Callable[[Any], Client], mine: Any) -> None:
        client = client_of(people.max)
        assert client.get(self.at(self.delete_url, mine)).status_code == 200
        assert self.model.objects.filter(pk=mine.pk).exists()
        assert client.post(self.at(self.delete_url, mine)).status_code == 302
        assert not self.model.objects.filter(pk=mine.pk).exists()

    def test_an_outsiders_delete_changes_nothing(self, people: People, client_of: Callable[[Any], Client], mine: Any) -> None:
        assert client_of(people.cleo).post(self.at(self.delete_url, mine)).status_code == 404
        assert self.model.objects.filter(pk=mine.pk).exists()


def posted(form: Any) -> dict[str, Any]:
    """What a browser sends of a form and its formsets (attributes of the form) as it stands."""
    data = {}
    for bound in form:
        value = bound.value()
        widget = bound.field.widget
        shown = widget.format_value(value) if hasattr(widget, "format_value") and not isinstance(value, list) else value
        shown = shown[0] if isinstance(shown, list) and shown else shown
        if shown not in (None, "", [], False):
            data[bound.html_name] = shown
        elif not isinstance(value, bool):
            data[bound.html_name] = ""
    for formset in vars(form).values():
        if hasattr(formset, "management_form"):
            data |= posted(formset.management_form)
            for row in formset.forms:
                data |= posted(row)
    return data
