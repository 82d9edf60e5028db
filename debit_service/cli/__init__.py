"""The command line: the same use cases as the web and the jobs, from a shell.

Exit codes are a contract: 0 done, 1 findings, 2 usage, 3 refused by a guard. Every command takes `--json`.
"""

from debit_service.cli.group import Program

main = Program(
    {
        "demo": "outcome",
        "serve": "installation",
        "worker": "installation",
        "db": "installation",
        "config": "installation",
        "people": "installation",
        "jobs": "installation",
        "funds": "data",
        "calendars": "calendars",
        "mandates": "mandates",
        "contributions": "data",
        "payments": "payments",
        "collect": "money",
        "batches": "money",
        "holds": "money",
        "bank": "money",
        "reconcile": "outcome",
        "reports": "reports",
        "ledger": "ledger",
        "faults": "faults",
        "outages": "outages",
        "penalties": "penalties",
        "disputes": "disputes",
        "proof-pack": "proof",
        "verify": "outcome",
        "iso": "iso",
    },
    name="debit",
    help=(
        "Social-security contributions by direct debit.\n\n"
        "An employer signs one form; its contributions are debited on time; what the bank answers is reconciled to the cent; "
        "a late penalty exists only where the evidence shows that the failure was the employer's.\n\n"
        "Start with `debit demo`. Exit codes: 0 done, 1 findings, 2 usage, 3 refused by a guard."
    ),
)
