"""The figures that finance staff work with: each a typed sheet, made by set-based queries, written in any format.

Every number leads to the rows that it is made of (`behind`), and a bank entry to the bank's own bytes (`reports.evidence`).
What each number means is in docs/reports.md.
"""
