"""The addresses of deals."""

from crm.api.routing import router

from .catalogue import LossReasonEndpoint, PipelineEndpoint, ProductEndpoint, StageEndpoint
from .orders import OrderEndpoint
from .subscriptions import SubscriptionEndpoint
from .views import DealEndpoint, LeadConversion

router.register("deals", DealEndpoint, basename="deal")
router.register("orders", OrderEndpoint, basename="order")
router.register("subscriptions", SubscriptionEndpoint, basename="subscription")
router.register("leads", LeadConversion, basename="lead-conversion")
router.register("products", ProductEndpoint, basename="product")
router.register("pipelines", PipelineEndpoint, basename="pipeline")
router.register("stages", StageEndpoint, basename="stage")
router.register("loss-reasons", LossReasonEndpoint, basename="loss-reason")
