"""The addresses of surveys."""

from crm.api.routing import router

from .views import InvitationEndpoint, ResponseEndpoint, SurveyEndpoint

router.register("surveys", SurveyEndpoint, basename="survey")
router.register("responses", ResponseEndpoint, basename="response")
router.register("invitations", InvitationEndpoint, basename="invitation")
