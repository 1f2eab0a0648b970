"""Subscriptions, what they bring a month, and their renewals."""
