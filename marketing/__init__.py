"""Campaigns, what they cost, and the visits to the website that they bring."""
