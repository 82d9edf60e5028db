"""Tie-out: the bank's statements against themselves and against the journal, and the days that are closed on them."""
