"""Who caused a failed debit: the rules, the evidence they ask for, and the argument. Pure."""
