"""Who owes."""
