"""An employer contests a debit, or a penalty; the fund answers within a deadline."""
