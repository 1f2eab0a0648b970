"""Surveys, invitations and answers under /api/v1/."""
