"""`python -m debit_service` is `debit`."""

from debit_service.cli import main

main()
