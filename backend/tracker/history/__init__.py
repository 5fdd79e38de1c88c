"""The event log: what happened to each incident, written with every change."""
