"""Incidents, leases, and the health of the race monitor."""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TYPES = {
    "int": sa.BigInteger(),
    "float": sa.Float(53),
    "text": sa.Text(),
    "bool": sa.Boolean(),
    "instant": sa.DateTime(timezone=True),
}
# fmt: off
# Table: description, key columns, columns as (name, type, may be null, meaning), columns of each index.
_TABLES = {
    "incidents": (
        "What happened in a live or replayed session, as race control said it or as its timing lets infer",
        ["session_id", "sequence"],
        [
            ("session_id", "int", False, "The session's id: the same in every store"),
            ("sequence", "int", False, "Order of messages"),
            ("kind", "text", False, "official, provisional or road; of telemetry: car or position; else what the row is of, such as driver or constructor"),
            ("phase", "text", False, "candidate (seen once), confirmed or cleared (over)"),
            ("origin", "text", False, "inferred (from the timing) or race_control (said by race control)"),
            ("time_ms", "int", False, "Time since the session's start [ms]"),
            ("car_number", "text", True, "The car's number as text: 007 and 7 are different cars"),
            ("lap_number", "int", True, "The car's own lap count"),
            ("confirmed_ms", "int", True, "Session time at which the incident was certain [ms]"),
            ("cleared_ms", "int", True, "Session time at which the incident was over [ms]"),
            ("penalty", "text", True, "The penalty in race control's words"),
            ("text", "text", False, "The message's words"),
        ],
        [],
    ),
    "leases": (
        "Who may do what only one may do at a time, such as monitor this store",
        ["name"],
        [
            ("name", "text", False, "The name in full"),
            ("holder", "text", False, "Who holds the lease: machine, process and a random part"),
            ("since_utc", "instant", False, "Since when it has been so [UTC]"),
            ("expires_utc", "instant", False, "When it ends unless it is renewed [UTC]"),
        ],
        [],
    ),
    "monitor_parts": (
        "The health of each part of the race monitor",
        ["part"],
        [
            ("part", "text", False, "The part of the monitor, such as calendar, feed, training or export"),
            ("health", "text", False, "ok, waiting, warning, failed or off"),
            ("detail", "text", True, "The value as JSON, where it is no number"),
            ("since_utc", "instant", False, "Since when it has been so [UTC]"),
            ("updated_utc", "instant", False, "When the state was published [UTC]"),
        ],
        [],
    ),
}
# fmt: on


def upgrade() -> None:
    """Create the tables."""
    for name, (description, key, columns, indexes) in _TABLES.items():
        own = [_column(*column) for column in columns]
        options = {"comment": description, "sqlite_with_rowid": len(key) == 1}
        op.create_table(name, *own, sa.PrimaryKeyConstraint(*key), **options)
        for keys in indexes:
            op.create_index(f"ix_{name}_{'_'.join(keys)}", name, keys)


def downgrade() -> None:
    """Not offered: what the new tables hold would be lost. Restore a backup instead."""
    raise CommandError("a schema is not taken back: restore a backup of the older one")


def _column(name: str, kind: str, nullable: bool, comment: str) -> sa.Column[object]:
    parent = [sa.ForeignKey("sessions.session_id", ondelete="CASCADE")] if name == "session_id" else []
    return sa.Column(name, _TYPES[kind], *parent, nullable=nullable, comment=comment, autoincrement=False)
