"""The addresses of numbers."""

from crm.api.routing import router

from .own import OwnNumberEndpoint
from .success import ThresholdEndpoint
from .targets import TargetEndpoint
from .views import KpiEndpoint

router.register("kpis", KpiEndpoint, basename="kpi")
router.register("own-numbers", OwnNumberEndpoint, basename="own-number")
router.register("targets", TargetEndpoint, basename="target")
router.register("success-thresholds", ThresholdEndpoint, basename="successthreshold")
