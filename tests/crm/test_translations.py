"""French and Spanish are complete, keep every placeholder, and reach the people who read them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from django.utils import translation

from analytics.registry import kpis
from tests.people import People

LANGUAGES = ["fr", "es"]
NBSP = "\N{NO-BREAK SPACE}"
#: What a translation must name as often, or at all, as its source: %(name)s, %s, {name}.
PERCENT = re.compile(r"%(?:\(\w+\))?[sdr]")
BRACE = re.compile(r"\{\w*\}")
TAG = re.compile(r"</?[a-z][^>]*>")


def catalog(language: str) -> Catalog:
    path = Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def texts(catalog: Catalog) -> list[Message]:
    """All entries but the head."""
    return [message for message in catalog if message.id]


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def named(text: str) -> set[str]:
    return set(PERCENT.findall(text.replace("%%", "")))


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_languages_hold_the_same_texts() -> None:
    french, spanish = ({(message.context, *forms(message.id)) for message in texts(catalog(each))} for each in LANGUAGES)
    assert french and french ^ spanish == set()


def test_no_text_is_empty_or_a_guess(language: str) -> None:
    open_ = [message.id for message in texts(catalog(language)) if message.fuzzy or not all(forms(message.string))]
    assert open_ == []


def test_plurals_have_the_forms_of_the_language(language: str) -> None:
    found = catalog(language)
    assert found.num_plurals == 2
    wrong = [message.id for message in texts(found) if message.pluralizable and len(message.string) != found.num_plurals]
    assert wrong == []


def test_placeholders_survive(language: str) -> None:
    """A singular may say "one" instead of the number, so plural forms may name less, never more."""
    wrong = []
    for message in texts(catalog(language)):
        sources = forms(message.id)
        for form in forms(message.string):
            allowed = named(sources[-1])
            if named(form) - allowed or (
                not message.pluralizable and Counter(PERCENT.findall(form)) != Counter(PERCENT.findall(sources[0]))
            ):
                wrong.append(form)
            if sorted(BRACE.findall(form)) != sorted(BRACE.findall(sources[-1])):
                wrong.append(form)
        if message.pluralizable and named(forms(message.string)[-1]) != named(sources[-1]):
            wrong.append(sources[-1])
    assert wrong == []


def test_percent_signs_are_doubled_where_a_text_is_formatted(language: str) -> None:
    for message in texts(catalog(language)):
        if message.python_format:
            for form in forms(message.string):
                assert "%" not in PERCENT.sub("", form.replace("%%", "")), form


def test_markup_and_outer_space_survive(language: str) -> None:
    """Texts are joined to others: " or " keeps its spaces, and a tag its end."""
    for message in texts(catalog(language)):
        source = forms(message.id)[0]
        for form in forms(message.string):
            assert sorted(TAG.findall(form)) == sorted(TAG.findall(source)), form
            assert (form[:1].isspace(), form[-1:].isspace()) == (source[:1].isspace(), source[-1:].isspace()), form


def test_french_has_its_typography() -> None:
    """No line breaks before a sign, and apostrophes are curled."""
    wrong = [
        form
        for message in texts(catalog("fr"))
        for form in forms(message.string)
        if re.search(r" [:;?!»]|« |'| %(?![(s])", form) or re.search(rf"[^\s{NBSP}/\d][;?!](?:\s|$)", form)
    ]
    assert wrong == []


def test_spanish_opens_its_questions() -> None:
    wrong = [form for message in texts(catalog("es")) for form in forms(message.string) if form.count("?") != form.count("¿")]
    assert wrong == []


@pytest.mark.parametrize(("language", "other", "word"), [("fr", "es", "Affaires"), ("es", "fr", "Oportunidades")])
def test_page_speaks_the_language_the_person_chose(client: Client, people: People, language: str, other: str, word: str) -> None:
    people.ann.language = language
    people.ann.save(update_fields=["language"])
    client.force_login(people.ann)
    html = client.get("/deals/", headers={"accept-language": other}).content.decode()
    assert f'<html lang="{language}"' in html
    assert word in html


@pytest.mark.parametrize(("accepted", "language"), [("es-MX,es;q=0.9", "es"), ("fr-CA", "fr"), ("de,en;q=0.5", "en")])
def test_page_speaks_as_the_browser_asks_when_nobody_chose(client: Client, people: People, accepted: str, language: str) -> None:
    people.ann.language = ""
    people.ann.save(update_fields=["language"])
    client.force_login(people.ann)
    response = client.get("/deals/", headers={"accept-language": accepted})
    assert f'<html lang="{language}"' in response.content.decode()
    assert "Accept-Language" in response.headers["Vary"]


@pytest.mark.django_db
def test_sign_in_page_speaks_as_the_browser_asks(client: Client) -> None:
    html = client.get("/accounts/login/", headers={"accept-language": "es"}).content.decode()
    assert "Iniciar sesión" in html
    assert "Sign in" not in html


#: The field says the same in French and in Spanish.
ALIKE = {"ltv_cac", "quick_ratio"}


def test_numbers_are_named_in_each_language() -> None:
    for kpi in kpis:
        names = []
        for language in ("en", *LANGUAGES):
            with translation.override(language):
                names.append(str(kpi.name))
        assert names == [kpi.names["en"], kpi.names["fr"], kpi.names["es"]]
        assert len(set(names)) == 3 or kpi.key in ALIKE, names
