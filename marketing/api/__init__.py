"""Campaigns and costs under /api/v1/."""
