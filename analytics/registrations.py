"""What the frame shows of the numbers."""

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import health, site

from . import snapshot_panel
from . import timeline as _timeline  # noqa: F401  how events of targets read
from .models import DirtyDay

site.menu.register("overview", site.MenuItem(_("Overview"), "layout-dashboard", "analytics:overview", "day", "kpi", order=10))
site.menu.register("numbers", site.MenuItem(_("All numbers"), "chart-column", "analytics:numbers", "numbers", "kpi", order=20))
site.menu.register("targets", site.MenuItem(_("Targets"), "target", "analytics:targets", "numbers", "target", order=30))
site.menu.register(
    "own_numbers", site.MenuItem(_("Own numbers"), "sigma", "analytics:own_numbers", "numbers", "ownnumber", order=50)
)
site.menu.register(
    "thresholds",
    site.MenuItem(_("Success thresholds"), "flag", "analytics:thresholds", "numbers", "successthreshold", order=40),
)
site.new_items.register("target", site.NewItem(_("Target"), "target", "analytics:target_new", "g", "target", order=200))
site.admin_panels.register("snapshots", site.AdminPanel("analytics/admin_panel.html", snapshot_panel.context, order=10))
site.settings_pages.register(
    "check", site.MenuItem(_("Check of numbers"), "shield-check", "analytics:check", "system", "settings", "change", order=85)
)


@health.check("numbers")
def waiting_days() -> Iterable[health.Finding]:
    """For `doctor`: the days whose numbers are behind their records, and for how long."""
    oldest = DirtyDay.objects.order_by("at").first()
    if oldest is None:
        yield health.Finding(health.OK, "All numbers are up to date.")
        return
    state = health.ERROR if timezone.now() - oldest.at > health.LATE else health.OK
    days = DirtyDay.objects.values("source", "day").distinct().count()
    yield health.Finding(
        state, f"{days} days of numbers wait to be recomputed, since {oldest.at:%Y-%m-%d %H:%M} UTC.", "python manage.py refresh"
    )
