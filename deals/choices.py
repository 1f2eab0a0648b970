"""The closed lists of deals."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    OPEN = "open", _("Open")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


CLOSED = (Status.WON, Status.LOST)


class PersonRole(models.TextChoices):
    CONTACT = "contact", _("Contact")
    DECIDES = "decides", _("Decision maker")
    INFLUENCES = "influences", _("Influencer")
    BUYS = "buys", _("Buyer")
    USES = "uses", _("User")


class OrderKind(models.TextChoices):
    ORDER = "order", pgettext_lazy("sale", "Order")
    REFUND = "refund", _("Credit note")
