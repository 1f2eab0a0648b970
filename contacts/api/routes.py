"""The addresses of contacts."""

from crm.api.routing import router

from .views import ActivityEndpoint, CompanyEndpoint, LeadEndpoint, PersonEndpoint, TaskEndpoint

router.register("companies", CompanyEndpoint, basename="company")
router.register("people", PersonEndpoint, basename="person")
router.register("leads", LeadEndpoint, basename="lead")
router.register("activities", ActivityEndpoint, basename="activity")
router.register("tasks", TaskEndpoint, basename="task")
