"""Pages: the employer's desk and the finance desk. No rule and no SQL here: every page calls the rooms' use cases and queries."""
