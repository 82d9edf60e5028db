"""Who allowed what: the form, the mandate a creditor, and its life."""
