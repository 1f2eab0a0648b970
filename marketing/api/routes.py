"""The addresses of marketing."""

from crm.api.routing import router

from .views import CampaignEndpoint, CostEndpoint, MessageEndpoint, VisitEndpoint, WebFormEndpoint

router.register("campaigns", CampaignEndpoint, basename="campaign")
router.register("campaign-messages", MessageEndpoint, basename="campaignmessage")
router.register("costs", CostEndpoint, basename="cost")
router.register("web-forms", WebFormEndpoint, basename="webform")
router.register("visits", VisitEndpoint, basename="visit")
