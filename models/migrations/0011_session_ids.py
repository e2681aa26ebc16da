"""Ids of sessions that have ended are never given again: open sockets stand on a session by its id.

PostgreSQL's never are. SQLite takes the highest there is plus one, unless the table says otherwise; so it is made anew.
"""

from peewee import SqliteDatabase

_SQLITE = (
    "CREATE TABLE session_anew (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL,"
    " token_hash TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,"
    " FOREIGN KEY (user_id) REFERENCES account (id)) STRICT",
    "INSERT INTO session_anew SELECT id, user_id, token_hash, created_at, expires_at FROM session",
    "DROP TABLE session",
    "ALTER TABLE session_anew RENAME TO session",
    "CREATE INDEX session_user_id ON session (user_id)",
    "CREATE UNIQUE INDEX session_token_hash ON session (token_hash)",
)


def up(migrator, db):
    if isinstance(db, SqliteDatabase):
        for sql in _SQLITE:
            db.execute_sql(sql)
