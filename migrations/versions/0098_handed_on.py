"""calls that are handed on while the talk goes on, and the room they are held in

Revision: 0098, after 0095.
"""

import sqlalchemy as sa
from alembic import op

revision = "0098"
down_revision = "0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("handed_from_id", sa.UUID()))
    op.create_foreign_key(
        op.f("fk_calls_handed_from_id"), "calls", "calls", ["handed_from_id"], ["id"]
    )
    op.create_index(
        "uq_calls_handed_from",
        "calls",
        ["handed_from_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('waiting', 'offered', 'connected')"),
    )
    op.add_column("sessions", sa.Column("room_id", sa.UUID()))


def downgrade() -> None:
    op.drop_column("sessions", "room_id")
    op.drop_index("uq_calls_handed_from", "calls")
    op.drop_constraint(op.f("fk_calls_handed_from_id"), "calls", type_="foreignkey")
    op.drop_column("calls", "handed_from_id")
