"""The closed lists of marketing."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CampaignKind(models.TextChoices):
    ADS = "ads", _("Advertising")
    MAIL = "mail", _("Mailing")
    EVENT = "event", _("Event or fair")
    WEBINAR = "webinar", _("Webinar")
    SOCIAL = "social", _("Social media")
    CONTENT = "content", _("Content")
    PARTNER = "partner", _("Partner or referral")
    OTHER = "other", _("Other")


class CampaignStatus(models.TextChoices):
    PLANNED = "planned", pgettext_lazy("campaign", "Planned")
    RUNNING = "running", pgettext_lazy("campaign", "Running")
    DONE = "done", pgettext_lazy("campaign", "Done")
    CANCELLED = "cancelled", pgettext_lazy("campaign", "Cancelled")


class MemberStatus(models.TextChoices):
    """How far a campaign got with somebody."""

    PLANNED = "planned", _("To be reached")
    REACHED = "reached", _("Reached")
    RESPONDED = "responded", _("Responded")


class Category(models.TextChoices):
    """What was paid for."""

    MARKETING = "marketing", _("Marketing")
    STAFF = "staff", _("Staff")
    TRAINING = "training", _("Training")
    SOFTWARE = "software", _("Software")
    OTHER = "other", _("Other")


class Purpose(models.TextChoices):
    """What it was paid for to achieve: new customers, customers who stay, or the CRM itself."""

    ACQUISITION = "acquisition", _("Winning customers")
    RETENTION = "retention", _("Keeping customers")
    CRM = "crm", _("Running the CRM")


class Device(models.TextChoices):
    """What a visit was made with, as far as the browser says without being asked."""

    DESKTOP = "desktop", _("Computer")
    MOBILE = "mobile", _("Phone")
    TABLET = "tablet", _("Tablet")


class Asked(models.TextChoices):
    """Whether a web form asks for something."""

    NO = "no", _("Not asked")
    OPTIONAL = "optional", _("Asked, may stay empty")
    REQUIRED = "required", _("Asked, must be filled in")


class Outcome(models.TextChoices):
    """What a submitted form counts as."""

    SIGNUP = "signup", _("Sign-up")
    KNOWN = "known", _("Known already")
    UNNAMED = "unnamed", _("Nobody known")
    SPAM = "spam", _("Spam")
