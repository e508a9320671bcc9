"""worklist: series by plan, decisions, absences, programs with keys

Revision: 0075, after 0070.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0075"
down_revision = "0070"
branch_labels = None
depends_on = None

OPEN = "state IN ('planned', 'calling', 'for_decision')"


def upgrade() -> None:
    _series()
    _promises()
    _decisions()
    _absences()
    _programs()


def _series() -> None:
    op.drop_column("series", "goal")
    op.drop_column("series", "sessions_held")
    op.add_column("series", sa.Column("sealed_goal", sa.LargeBinary(), nullable=False))
    op.add_column("series", sa.Column("first_at", sa.DateTime(timezone=True), nullable=False))
    op.add_column(
        "series",
        sa.Column(
            "planned_at", postgresql.JSONB(astext_type=sa.Text()), server_default="[]",
            nullable=False,
        ),
    )
    going_on = sa.text("ended_at IS NULL")
    op.create_index("ix_series_going_on", "series", ["id"], postgresql_where=going_on)
    op.create_index(
        "uq_series_citizen", "series", ["citizen_id"], unique=True, postgresql_where=going_on
    )


def _promises() -> None:
    op.add_column(
        "promises", sa.Column("priority", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_index(
        "ix_promises_series", "promises", ["series_id"],
        postgresql_where=sa.text("series_id IS NOT NULL"),
    )
    op.create_index(
        "ix_promises_deadline", "promises", ["deadline"], postgresql_where=sa.text(OPEN)
    )
    op.create_index(
        "ix_promises_ended_at", "promises", ["ended_at"],
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index(
        "ix_promises_for_decision", "promises", ["state_since"],
        postgresql_where=sa.text("state = 'for_decision'"),
    )
    op.create_index(op.f("ix_promise_tries_ended_at"), "promise_tries", ["ended_at"])


def _decisions() -> None:
    op.create_table(
        "promise_decisions",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("promise_id", sa.UUID(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.UUID(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "decision IN ('again', 'letter', 'visit', 'welfare_check', 'close')",
            name=op.f("ck_promise_decisions_decision"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_promise_decisions_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["promise_id"], ["promises.id"], name=op.f("fk_promise_decisions_promise_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_decisions")),
    )
    op.create_index(op.f("ix_promise_decisions_promise_id"), "promise_decisions", ["promise_id"])


def _absences() -> None:
    table = "companion_absences"
    op.create_table(
        table,
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("companion_id", sa.UUID(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("substitute_id", sa.UUID(), nullable=False),
        sa.Column("written_by", sa.UUID(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "substitute_id <> companion_id", name=op.f("ck_companion_absences_another")
        ),
        sa.ForeignKeyConstraint(
            ["companion_id"], ["counselors.id"], name=op.f("fk_companion_absences_companion_id")
        ),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["counselors.id"], name=op.f("fk_companion_absences_substitute_id")
        ),
        sa.ForeignKeyConstraint(
            ["written_by"], ["accounts.id"], name=op.f("fk_companion_absences_written_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companion_absences")),
    )
    op.create_index(op.f("ix_companion_absences_companion_id"), table, ["companion_id"])
    op.create_index(op.f("ix_companion_absences_substitute_id"), table, ["substitute_id"])


def _programs() -> None:
    op.create_table(
        "api_clients",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "channel IN ('chatbot', 'district_office', 'self_check')",
            name=op.f("ck_api_clients_channel"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_clients")),
        sa.UniqueConstraint("name", name=op.f("uq_api_clients_name")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client_id", sa.UUID(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_clients.id"], name=op.f("fk_api_keys_client_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_index(op.f("ix_api_keys_client_id"), "api_keys", ["client_id"])
    op.drop_constraint(op.f("fk_stored_answers_account_id"), "stored_answers")


def downgrade() -> None:
    op.create_foreign_key(
        op.f("fk_stored_answers_account_id"), "stored_answers", "accounts", ["account_id"], ["id"]
    )
    for table in ("api_keys", "api_clients", "companion_absences", "promise_decisions"):
        op.drop_table(table)
    op.drop_index(op.f("ix_promise_tries_ended_at"), "promise_tries")
    for name in ("for_decision", "ended_at", "deadline", "series"):
        op.drop_index(f"ix_promises_{name}", "promises")
    op.drop_column("promises", "priority")
    op.drop_index("uq_series_citizen", "series")
    op.drop_index("ix_series_going_on", "series")
    for name in ("planned_at", "first_at", "sealed_goal"):
        op.drop_column("series", name)
    op.add_column(
        "series", sa.Column("sessions_held", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column("series", sa.Column("goal", sa.String(), nullable=False))
