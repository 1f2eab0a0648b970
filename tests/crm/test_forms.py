"""What people type: numbers and money in their own format, records found while typing or new."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from crm.forms import ComboboxWidget, CreatableModelChoiceField, LocalizedDecimal, MoneyField, MoneyFormMixin, parse_number
from crm.models import Team


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "1234", "1234"),
        ("en", "1,234", "1234"),
        ("en", "1,234.5", "1234.5"),
        ("en", "12,50", "12.50"),
        ("en", "1.234,56", "1234.56"),
        ("en", "1.234.567", "1234567"),
        ("en", "-3", "-3"),
        ("en", ".5", "0.5"),
        ("fr", "1 234,56", "1234.56"),
        ("fr", "1\u202f234,56", "1234.56"),
        ("fr", "1234.56", "1234.56"),
        ("fr", "1,234", "1.234"),
        ("es", "1.234", "1234"),
        ("es", "1.234,5", "1234.5"),
    ],
)
def test_a_number_is_read_as_its_writer_means_it(language, text, value):
    with translation.override(language):
        assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "twelve", "1,2,3", "1.2.3", "12,34,567", "1e5", "NaN", "Infinity", "٣", "9" * 41, "--1", "1-"]
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValidationError):
        parse_number(text)


class Offer(MoneyFormMixin, forms.Form):
    amount = MoneyField(required=False)
    currency = forms.ChoiceField(choices=[("EUR", "EUR"), ("JPY", "JPY")])


def test_money_becomes_minor_units_of_the_chosen_currency(organisation):
    euros, yen = Offer({"amount": "1,234.50", "currency": "EUR"}), Offer({"amount": "1,234", "currency": "JPY"})
    assert euros.is_valid() and yen.is_valid()
    assert (euros.cleaned_data["amount"], yen.cleaned_data["amount"]) == (123450, 1234)


def test_an_empty_amount_is_no_amount(organisation):
    form = Offer({"amount": "", "currency": "EUR"})
    assert form.is_valid()
    assert form.cleaned_data["amount"] is None


@pytest.mark.parametrize(("text", "currency"), [("1.234567", "EUR"), ("1.5", "JPY"), ("-1", "EUR"), ("99999999999999999", "EUR")])
def test_an_amount_that_the_currency_cannot_hold_is_an_error_at_the_field(organisation, text, currency):
    form = Offer({"amount": text, "currency": currency})
    assert not form.is_valid()
    assert list(form.errors) == ["amount"]


def test_stored_money_is_shown_in_the_readers_format(organisation):
    form = Offer(initial={"amount": 123450, "currency": "EUR"})
    assert 'value="1,234.50"' in str(form["amount"])
    with translation.override("fr"):
        assert 'value="1 234,50"' in str(form["amount"])


def test_money_that_was_not_touched_has_not_changed(organisation):
    form = Offer({"amount": "1,234.50", "currency": "EUR"}, initial={"amount": 123450, "currency": "EUR"})
    assert not form.has_changed()


def test_what_was_typed_wrongly_stays_in_the_field(organisation):
    assert 'value="twelve"' in str(Offer({"amount": "twelve", "currency": "EUR"})["amount"])


def test_a_decimal_is_read_and_shown_in_the_readers_format():
    field = LocalizedDecimal()
    with translation.override("fr"):
        assert field.clean("12,5") == Decimal("12.5")
        assert field.prepare_value(Decimal("12.5")) == "12,5"


class Membership(forms.Form):
    team = CreatableModelChoiceField(Team.objects.all(), new=lambda text: Team(name=text), required=False)


def test_a_new_record_comes_back_unsaved(db):
    form = Membership({"team": "new:Harbour"})
    assert form.is_valid()
    team = form.cleaned_data["team"]
    assert (team.pk, team.name) == (None, "Harbour")
    assert not Team.objects.exists()


def test_a_new_record_without_a_name_is_no_record(db):
    form = Membership({"team": "new:  "})
    assert form.is_valid()
    assert form.cleaned_data["team"] is None


def test_the_text_of_a_new_record_stays_chosen_when_the_form_comes_back(db):
    assert '<option value="new:Harbour" selected' in str(Membership({"team": "new:Harbour"})["team"])


def test_a_searching_combobox_carries_the_chosen_record_and_only_a_few_others(db, django_assert_num_queries):
    teams = [Team.objects.create(name=f"Team {at:03}") for at in range(60)]

    class Search(forms.Form):
        team = forms.ModelChoiceField(Team.objects.all(), widget=ComboboxWidget(url="/teams/", limit=5))

    with django_assert_num_queries(2):
        html = str(Search(initial={"team": teams[50].pk})["team"])
    assert html.count("<option") == 1 + 1 + 5
    assert f'<option value="{teams[50].pk}" selected' in html
