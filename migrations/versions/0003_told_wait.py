"""told wait

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('calls', sa.Column('told_high_minutes', sa.Integer(), nullable=True))
    op.add_column('calls', sa.Column('told_seats', sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column('calls', 'told_seats')
    op.drop_column('calls', 'told_high_minutes')
