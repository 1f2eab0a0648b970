"""The secret of a link and the nonce of a page: what opens a survey, and what does not."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core import signing
from django.test import Client

from crm.logs import HideSecrets
from surveys import tokens
from surveys.models import InvitationToken
from tests.factories import InvitationFactory

from .scene import invite

pytestmark = pytest.mark.django_db


def test_the_secret_is_stored_nowhere(organisation: Any) -> None:
    _invitation, token = invite()
    assert tokens.TOKEN.fullmatch(token)
    for model in apps.get_app_config("surveys").get_models():
        for row in model._default_manager.values():
            assert token not in str(row)


def test_every_mail_of_an_invitation_has_a_secret_that_works(organisation: Any) -> None:
    invitation, first = invite()
    second = tokens.issue(invitation)
    assert tokens.find(first) == tokens.find(second) == invitation
    assert InvitationToken.objects.count() == 2


def mangled(token: str) -> list[str]:
    flipped = ("b" if token[0] == "a" else "a") + token[1:]
    return [
        flipped,
        token.upper(),
        token[:-1],
        token + "a",
        token + "\n",
        " " + token,
        "",
        "a" * 32,
        token * 300,
        "' OR 1=1 --",
        "\ud800",
    ]


def test_a_mangled_secret_opens_nothing(organisation: Any) -> None:
    _invitation, token = invite()
    assert [tokens.find(text) for text in mangled(token)] == [None] * 11


def test_a_nonce_is_of_its_own_invitation(organisation: Any) -> None:
    one, other = InvitationFactory(), InvitationFactory()
    nonce = tokens.page_nonce(one)
    assert tokens.read_nonce(one, nonce)
    assert tokens.read_nonce(other, nonce) is None


FORGED = {
    "empty": "",
    "a word": "x",
    "three parts": "a:b:c",
    "signed for something else": signing.dumps([1, "0", "x"]),
    "of another form": signing.dumps("x", salt=tokens.SALT),
}


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED)
def test_a_forged_nonce_is_none(organisation: Any, text: str) -> None:
    assert tokens.read_nonce(InvitationFactory(), text) is None


def test_a_page_can_be_sent_for_a_fortnight(organisation: Any, clock: Any) -> None:
    start = dt.datetime(2026, 5, 18, 10, tzinfo=dt.UTC)
    clock(start)
    invitation = InvitationFactory()
    nonce = tokens.page_nonce(invitation)
    clock(start + dt.timedelta(days=14) - dt.timedelta(seconds=1))
    assert tokens.read_nonce(invitation, nonce)
    clock(start + dt.timedelta(days=14))
    assert tokens.read_nonce(invitation, nonce) is None


def test_logs_show_no_secret(client: Client, organisation: Any, caplog: pytest.LogCaptureFixture) -> None:
    token = "abcdefghijklmnopqrstuvwxyz234567"
    caplog.handler.addFilter(HideSecrets())
    client.get(f"/s/{token}/?v=9")
    assert "/s/***/" in caplog.text
    assert token not in caplog.text
    console = settings.LOGGING["handlers"]["console"]
    assert console["filters"] == ["secrets"]
