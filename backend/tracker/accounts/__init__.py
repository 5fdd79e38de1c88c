"""Accounts: people who sign in, their sessions and tokens, and the invitations that bring them in."""
