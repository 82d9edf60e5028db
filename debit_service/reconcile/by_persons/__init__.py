"""By persons: what people decided about bank entries, and where the money stands since."""
