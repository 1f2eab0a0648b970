"""Pipelines, stages, deals with their history, products."""
