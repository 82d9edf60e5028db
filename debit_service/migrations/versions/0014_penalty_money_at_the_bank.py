"""The bank's booking of money of penalties that was recorded by hand; charges that it gives back, by the debits they were for."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_SHOWN_ONCE = sa.text("stands and claim_payment_id is not null")


def upgrade() -> None:
    """No entry shows a payment of a penalty yet. A charge that was given back belongs to the debit which its entry names, if it
    names one of the same fund and currency: the fee of a penalty falls by it at the next assessment.
    """
    op.add_column("resolution_parts", sa.Column("claim_payment_id", sa.String(), nullable=True))
    # Written out: on SQLite a column with a foreign key can be added in place in no other way, and a copy would lose the trigger.
    op.execute(
        "alter table resolution_parts add column collection_id varchar"
        " constraint fk_resolution_parts_collection_id references collections (id)"
    )
    op.create_index(
        "uq_resolution_parts_claim_payment_id",
        "resolution_parts",
        ["claim_payment_id"],
        unique=True,
        sqlite_where=_SHOWN_ONCE,
        postgresql_where=_SHOWN_ONCE,
    )
    op.create_index("ix_resolution_parts_collection_id", "resolution_parts", ["collection_id"])
    op.execute(
        "update resolution_parts set collection_id = ("
        "select c.id from resolutions r join bank_entries b on b.id = r.entry_id"
        " join collections c on c.end_to_end_id = b.end_to_end_id and c.fund_id = b.fund_id and c.currency = b.currency"
        " where r.id = resolution_parts.resolution_id and b.direction = 'credit') where purpose = 'charge'"
    )


def downgrade() -> None:
    """As it was. Refused while an entry shows a payment of a penalty, or gives back what was charged for a debit."""
    lost = op.get_bind().scalar(
        sa.text("select count(*) from resolution_parts where claim_payment_id is not null or collection_id is not null")
    )
    if lost:
        raise RuntimeError(f"{lost} bookings of penalties and fees would be lost: a release before this one knows none")
    op.drop_index("ix_resolution_parts_collection_id", "resolution_parts")
    op.drop_index("uq_resolution_parts_claim_payment_id", "resolution_parts")
    op.execute("alter table resolution_parts drop column collection_id")
    op.drop_column("resolution_parts", "claim_payment_id")
