"""The access log can only grow, and its head says where it ends.

Revision: 0020, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0003'
branch_labels = None
depends_on = None

REFUSE = """
CREATE FUNCTION refuse_access_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the access log only grows: % refused', TG_OP;
END $$
"""
TRIGGER = """
CREATE TRIGGER access_log_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_access_log_change()
"""


def upgrade() -> None:
    op.create_table(
        'access_log_head',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('entries', sa.BigInteger(), nullable=False),
        sa.Column('digest', sa.String(), nullable=False),
        sa.Column('seal', sa.String(), nullable=False),
        sa.CheckConstraint('id = 1', name=op.f('ck_access_log_head_one_row')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_access_log_head')),
    )
    op.execute("INSERT INTO access_log_head VALUES (1, 0, 'genesis', 'genesis')")
    op.execute(REFUSE)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.execute("DROP TRIGGER access_log_only_grows ON access_log")
    op.execute("DROP FUNCTION refuse_access_log_change()")
    op.drop_table('access_log_head')
