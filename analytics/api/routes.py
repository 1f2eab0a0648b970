"""The addresses of numbers."""

from crm.api.routing import router

from .targets import TargetEndpoint
from .views import KpiEndpoint

router.register("kpis", KpiEndpoint, basename="kpi")
router.register("targets", TargetEndpoint, basename="target")
