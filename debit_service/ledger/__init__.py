"""The double-entry journal. Balances are sums of lines, never columns that somebody edits."""
