"""Who caused a failed debit, on what evidence, and what late penalty follows: never one without proof of the employer's fault."""
