"""The kernel's own settings pages."""

from django.utils.translation import gettext_lazy as _

from . import site
from .site import MenuItem

site.settings_pages.register("profile", MenuItem(_("My profile"), "user", "profile", "me", "", order=10))
site.settings_pages.register("tokens", MenuItem(_("API tokens"), "key-round", "tokens", "me", "", order=20))
site.settings_pages.register(
    "organisation", MenuItem(_("Organisation"), "building", "organisation", "settings", "settings", "change", order=30)
)
site.settings_pages.register("users", MenuItem(_("Users"), "users", "users", "settings", "settings", "change", order=40))
site.settings_pages.register("teams", MenuItem(_("Teams"), "users", "teams", "settings", "settings", "change", order=50))
site.settings_pages.register("rates", MenuItem(_("Exchange rates"), "coins", "rates", "settings", "settings", "change", order=60))
site.settings_pages.register("imports", MenuItem(_("Import"), "upload", "imports", "system", "import", "run", order=70))
site.settings_pages.register("jobs", MenuItem(_("Jobs"), "list-checks", "jobs", "system", "job", order=80))

site.menu.register("settings", MenuItem(_("Settings"), "settings", "organisation", "settings", "settings", "change", order=10))
site.menu.register("imports", MenuItem(_("Import"), "upload", "imports", "settings", "import", "run", order=20))
