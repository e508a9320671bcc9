"""The history of presences, for logged-in time; unrecorded sessions are found by an index.

Revision: 0040, after 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = '0040'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'presence_events',
        sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column('counselor_id', sa.UUID(), nullable=False),
        sa.Column('at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('status', sa.String(), nullable=False),
        sa.Column('state', sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ['counselor_id'], ['counselors.id'], name=op.f('fk_presence_events_counselor_id')
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_presence_events')),
    )
    op.create_index(
        'ix_presence_events_counselor_id_at', 'presence_events', ['counselor_id', 'at', 'id']
    )
    op.create_index(
        'ix_sessions_unrecorded',
        'sessions',
        ['closed_at'],
        postgresql_where=sa.text("state = 'closed' AND outcome IS NULL"),
    )
    # Who is there already has a history from its last change on.
    op.execute(
        "INSERT INTO presence_events (counselor_id, at, status, state)"
        " SELECT counselor_id, greatest(status_since, state_since), status, state FROM presences"
    )


def downgrade() -> None:
    op.drop_index('ix_sessions_unrecorded', table_name='sessions')
    op.drop_table('presence_events')
