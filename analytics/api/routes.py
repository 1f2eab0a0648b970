"""The addresses of numbers."""

from crm.api.routing import router

from .success import ThresholdEndpoint
from .targets import TargetEndpoint
from .views import KpiEndpoint

router.register("kpis", KpiEndpoint, basename="kpi")
router.register("targets", TargetEndpoint, basename="target")
router.register("success-thresholds", ThresholdEndpoint, basename="successthreshold")
