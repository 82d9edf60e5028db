"""Queue: what waits for a person, why, and what it may be."""
