"""People: who they are, what they may do, and that they really are here."""
