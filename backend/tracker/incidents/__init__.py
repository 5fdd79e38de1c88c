"""Incidents: the records that the tracker is about."""
