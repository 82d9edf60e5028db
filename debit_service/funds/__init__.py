"""Who collects: funds and their banks, read from `config/`; each fact with its source, its certainty and its confirmation."""
