"""What every room stands on: clock, calendar, money, account numbers, database, field encryption, state machine, audit."""
