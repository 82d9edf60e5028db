"""Social-security contributions by direct debit, from one signed form to a reasoned penalty or none."""
