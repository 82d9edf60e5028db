"""From a bank's file to a collection's fate: read, match, post; what nobody can explain waits for a person."""
