"""Addresses of tickets. `help/` and `t/` are open to anybody; everything else needs a login."""

from __future__ import annotations

from django.urls import path

from .links import PATH
from .views import files, public, queue, settings, tickets

app_name = "support"

urlpatterns = [
    path("help/", public.help_form, name="help"),
    path(f"{PATH}<str:token>/", public.status, name="status"),
    path(f"{PATH}<str:token>/files/<str:key>/", public.file, name="status_file"),
    path("tickets/", queue.TicketList.as_view(), name="tickets"),
    path("tickets/bulk/", queue.TicketsBulk.as_view(), name="tickets_bulk"),
    path("tickets/new/", tickets.TicketNew.as_view(), name="ticket_new"),
    path("tickets/<int:pk>/", tickets.TicketPage.as_view(), name="ticket"),
    path("tickets/<int:pk>/edit/", tickets.TicketEdit.as_view(), name="ticket_edit"),
    path("tickets/<int:pk>/delete/", tickets.TicketDelete.as_view(), name="ticket_delete"),
    path("tickets/<int:pk>/message/", tickets.TicketMessage.as_view(), name="ticket_message"),
    path("tickets/<int:pk>/take/", tickets.TicketTake.as_view(), name="ticket_take"),
    path("tickets/<int:pk>/solve/", tickets.TicketSolve.as_view(), name="ticket_solve"),
    path("tickets/<int:pk>/reopen/", tickets.TicketReopen.as_view(), name="ticket_reopen"),
    path("tickets/<int:pk>/close/", tickets.TicketClose.as_view(), name="ticket_close"),
    path("tickets/<int:pk>/spam/", tickets.TicketSpam.as_view(), name="ticket_spam"),
    path("tickets/<int:pk>/revoke/", tickets.TicketRevoke.as_view(), name="ticket_revoke"),
    path("tickets/<int:pk>/task/", tickets.TicketTaskNew.as_view(), name="ticket_task"),
    path("tickets/<int:pk>/replies/", files.Replies.as_view(), name="ticket_replies"),
    path("tickets/messages/<int:pk>/html/", files.MessageHtml.as_view(), name="message_html"),
    path("tickets/messages/<int:pk>/again/", tickets.MessageSendAgain.as_view(), name="message_again"),
    path("tickets/files/<int:pk>/", files.AttachmentFile.as_view(), name="attachment"),
    path("settings/desk/", settings.DeskPage.as_view(), name="desk"),
    path("settings/queues/", settings.QueueList.as_view(), name="queues"),
    path("settings/queues/new/", settings.QueueEdit.as_view(), name="queue_new"),
    path("settings/queues/<int:pk>/", settings.QueueEdit.as_view(), name="queue_edit"),
    path("settings/queues/<int:pk>/delete/", settings.QueueDelete.as_view(), name="queue_delete"),
    path("settings/ticket-statuses/", settings.StatusList.as_view(), name="statuses"),
    path("settings/ticket-statuses/new/", settings.StatusEdit.as_view(), name="status_new"),
    path("settings/ticket-statuses/<int:pk>/", settings.StatusEdit.as_view(), name="status_edit"),
    path("settings/ticket-statuses/<int:pk>/delete/", settings.StatusDelete.as_view(), name="status_delete"),
    path("settings/tags/", settings.TagList.as_view(), name="tags"),
    path("settings/tags/new/", settings.TagEdit.as_view(), name="tag_new"),
    path("settings/tags/<int:pk>/", settings.TagEdit.as_view(), name="tag_edit"),
    path("settings/tags/<int:pk>/delete/", settings.TagDelete.as_view(), name="tag_delete"),
    path("settings/calendars/", settings.CalendarList.as_view(), name="calendars"),
    path("settings/calendars/new/", settings.CalendarEdit.as_view(), name="calendar_new"),
    path("settings/calendars/<int:pk>/", settings.CalendarEdit.as_view(), name="calendar_edit"),
    path("settings/service-levels/", settings.PolicyList.as_view(), name="policies"),
    path("settings/service-levels/new/", settings.PolicyEdit.as_view(), name="policy_new"),
    path("settings/service-levels/<int:pk>/", settings.PolicyEdit.as_view(), name="policy_edit"),
    path("settings/service-levels/<int:pk>/delete/", settings.PolicyDelete.as_view(), name="policy_delete"),
    path("settings/replies/", settings.ReplyList.as_view(), name="replies"),
    path("settings/replies/new/", settings.ReplyEdit.as_view(), name="reply_new"),
    path("settings/replies/<int:pk>/", settings.ReplyEdit.as_view(), name="reply_edit"),
    path("settings/replies/<int:pk>/delete/", settings.ReplyDelete.as_view(), name="reply_delete"),
]
