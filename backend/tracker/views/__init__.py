"""Views: lists that people keep under a name, beside those that everybody has."""
