"""Wire formats only: pain.008 out; pain.002, camt.052, camt.053 and camt.054 in; character set; validation.

The room knows no database, no Flask and nothing of the house but core value types: it could be published alone.
"""
