"""The command line: the same use cases as the web and the jobs, from a shell.

Exit codes are a contract: 0 done, 1 findings, 2 usage, 3 refused by a guard. Every command takes `--json`.
"""

from debit_service.cli.common import Commands
from debit_service.cli.data import contributions, funds, mandates
from debit_service.cli.installation import config, database, people, serve, worker
from debit_service.cli.iso import iso
from debit_service.cli.money import bank, batches, collect
from debit_service.cli.outcome import demo, disputes, penalties, proof_pack, reconcile, verify

main = Commands(
    name="debit",
    help=(
        "Social-security contributions by direct debit.\n\n"
        "An employer signs one form; its contributions are debited on time; what the bank answers is reconciled to the cent; "
        "a late penalty exists only where the evidence shows that the failure was the employer's.\n\n"
        "Start with `debit demo`. Exit codes: 0 done, 1 findings, 2 usage, 3 refused by a guard."
    ),
)
for command in (
    demo,
    serve,
    worker,
    database,
    config,
    people,
    funds,
    mandates,
    contributions,
    collect,
    batches,
    bank,
    reconcile,
    penalties,
    disputes,
    proof_pack,
    verify,
    iso,
):
    main.add_command(command)
