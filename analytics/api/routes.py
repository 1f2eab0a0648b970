"""The addresses of numbers."""

from crm.api.routing import router

from .views import KpiEndpoint

router.register("kpis", KpiEndpoint, basename="kpi")
