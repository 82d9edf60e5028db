"""Proof pack: everything behind the outcome of a contribution in one signed ZIP, that a court can check without this service."""
