"""when a counselor's leg was seen in the room

Revision: 0100, after 0099. Empty for what was talked before: what is long is taken for a talk.
"""

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = "0099"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sessions", sa.Column("entered_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("sessions", "entered_at")
