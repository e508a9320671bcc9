"""strangers' requests counted, processes' signs of life

Revision: 0070, after 0050.
"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rate_marks",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_marks")),
    )
    op.create_index(op.f("ix_rate_marks_key"), "rate_marks", ["key"])
    op.create_index(op.f("ix_rate_marks_at"), "rate_marks", ["at"])
    op.create_table(
        "process_pulses",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('web', 'worker')", name=op.f("ck_process_pulses_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_pulses")),
    )


def downgrade() -> None:
    op.drop_table("process_pulses")
    op.drop_table("rate_marks")
