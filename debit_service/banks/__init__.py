"""How bytes travel to and from banks, and the store that keeps every file verbatim."""
