"""Users, the tree of teams, and what is recorded about their use of Sextant."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from ..fields import LocalDayField, LocalDayMixin
from .organisation import validate_zone


class Role(models.TextChoices):
    REP = "rep", _("Sales rep")
    AGENT = "agent", _("Support agent")
    MARKETER = "marketer", _("Marketer")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Administrator")


class Team(models.Model):
    """A team; its parent's managers see its records too."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of"))
    manager = models.ForeignKey("crm.User", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("manager"))

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """Someone who signs in. What a role may do is the table in `crm.access`."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"), blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.REP)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team"))
    language = models.CharField(_("language"), max_length=5, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[validate_zone])
    carries_quota = models.BooleanField(_("carries a sales quota"), default=True)
    fte_percent = models.PositiveSmallIntegerField(_("working time in percent"), default=100, validators=[MaxValueValidator(100)])
    is_service = models.BooleanField(_("service account"), default=False, help_text=_("A machine; left out of adoption numbers."))
    compact = models.BooleanField(_("compact rows"), default=False)

    REQUIRED_FIELDS = ["email", "name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self).split(" ")[0]


class UserSpan(models.Model):
    """One stretch of a user's working life: role, team and working time from `start` to just before `end`.

    Written by `crm.services.save_user`. Licensed users and full-time equivalents of a past day come from here.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="spans")
    start = models.DateField()
    end = models.DateField(null=True, blank=True)
    role = models.CharField(max_length=10, choices=Role)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True)
    carries_quota = models.BooleanField()
    fte_percent = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["user_id", "start"]
        constraints = [
            models.UniqueConstraint(fields=["user", "start"], name="user_span_starts_once"),
            models.CheckConstraint(
                condition=models.Q(end__isnull=True) | models.Q(end__gt=models.F("start")), name="user_span_has_length"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.start} – {self.end or '…'}"


class LoginEvent(LocalDayMixin):
    """A sign-in, or a refused one."""

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, related_name="logins")
    username = models.CharField(max_length=254)
    ok = models.BooleanField()
    at = models.DateTimeField()
    day = LocalDayField(of="at")
    ip = models.GenericIPAddressField(null=True, blank=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["user", "day"], name="login_user_day"), models.Index(fields=["at"], name="login_at")]

    def __str__(self) -> str:
        return f"{self.username} {self.at:%Y-%m-%d %H:%M}"


class ActiveDay(models.Model):
    """A user was here on a local day, with the team and role of that day. Sessions are long, so this is not the login.

    acted: something was created, changed or logged by hand; looking does not count.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="active_days")
    day = models.DateField()
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True)
    role = models.CharField(max_length=10, choices=Role)
    acted = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="active_once_a_day")]
        indexes = [models.Index(fields=["day"], name="active_day")]

    def __str__(self) -> str:
        return f"{self.user} {self.day}"
