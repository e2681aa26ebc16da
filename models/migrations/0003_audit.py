"""The audit log, which the database itself keeps append-only: a statement that alters or deletes a row is refused."""

from peewee import BigAutoField, BigIntegerField, ForeignKeyField, IntegerField, Model, SqliteDatabase, TextField

REFUSAL = "the audit log is append-only"


def up(migrator, db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False
            strict_tables = isinstance(db, SqliteDatabase)

    class Organization(Table):
        """As far as the new table needs it."""

    class AuditEntry(Table):
        id = BigAutoField()
        organization = ForeignKeyField(Organization, index=False)
        at = BigIntegerField()
        action = TextField()
        user_id = IntegerField(null=True)
        actor = TextField(null=True)
        key_prefix = TextField(null=True)
        address = TextField(null=True)
        target = TextField(null=True)
        detail = TextField(default="{}")

        class Meta:
            indexes = (
                (("organization", "id"), False),
                (("organization", "action", "id"), False),
                (("organization", "target", "id"), False),
            )

    db.create_tables([AuditEntry])
    if isinstance(db, SqliteDatabase):
        for verb in ("UPDATE", "DELETE"):
            db.execute_sql(
                f"CREATE TRIGGER audit_entry_no_{verb.lower()} BEFORE {verb} ON audit_entry"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        return
    db.execute_sql(
        "CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    db.execute_sql(
        "CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()"
    )
