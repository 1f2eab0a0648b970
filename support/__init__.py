"""Tickets: messages, history, calendars, service levels, outgoing mail."""
