"""Ended calls by when they ended; running calls by what is rarely changed: every event wrote `heard_at` to an index."""


def up(migrator, db):
    for sql in (
        'CREATE INDEX call_organization_id_terminal_at ON "call" (organization_id, terminal_at)',
        """CREATE INDEX call_running ON "call" (organization_id) WHERE status = 'in-progress'""",
        "DROP INDEX call_status_heard_at",
    ):
        db.execute_sql(sql)
