"""The addresses of tickets."""

from crm.api.routing import router

from .catalogue import QueueEndpoint, TagEndpoint, TicketStatusEndpoint
from .views import TicketEndpoint

router.register("tickets", TicketEndpoint, basename="ticket")
router.register("ticket-statuses", TicketStatusEndpoint, basename="ticket-status")
router.register("queues", QueueEndpoint, basename="queue")
router.register("tags", TagEndpoint, basename="tag")
