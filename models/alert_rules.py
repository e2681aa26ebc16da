"""The alert rules of an organisation, as its administrators see and change them."""

import msgspec
from peewee import Database

from events import Refused
from models import assistants
from models.alert_tables import AlertRule
from models.rights import rights_changed, rights_version
from rules.rule import Rule, check

MOST_RULES = 100  # of an organisation, that are not deleted: each costs a µs or so with every final

_FIELDS = tuple(name for name in Rule.__struct_fields__ if name != "id")


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    rule: Rule
    created_at: int
    paused_at: int | None


version = rights_version  # grows with every change here


def in_force(db: Database) -> tuple[int, dict[int, list[Rule]]]:
    """The version, and every active rule by organisation, in the order in which they were made; at least as new."""
    read_at = version(db)
    columns = [AlertRule.organization_id, AlertRule.id, *(AlertRule._meta.combined[_column(name)] for name in _FIELDS)]
    query = AlertRule.select(*columns).where(AlertRule.paused_at.is_null(), AlertRule.deleted_at.is_null())
    found: dict[int, list[Rule]] = {}
    for organization_id, *row in query.order_by(AlertRule.id).tuples().execute(db):
        found.setdefault(organization_id, []).append(_rule(row))
    return read_at, found


def listing(db: Database, organization_id: int) -> list[RuleRow]:
    """Every rule that is not deleted, oldest first."""
    return _rows(db, organization_id)


def one(db: Database, organization_id: int, rule_id: int) -> RuleRow:
    """Raises Refused, `not_found`, where the organisation has no such rule."""
    for row in _rows(db, organization_id, AlertRule.id == rule_id):
        return row
    raise Refused("not_found", "There is no such rule.")


def create(db: Database, now: int, organization_id: int, rule: Rule) -> int:
    """The new rule's id. Raises Refused where it can be none, or there are too many."""
    _check(db, organization_id, rule)
    if len(listing(db, organization_id)) >= MOST_RULES:
        raise Refused("too_many", f"There are {MOST_RULES} rules, and no more are possible. Delete one first.")
    rights_changed(db)  # every server knows the rules for a while
    return AlertRule.insert(organization=organization_id, created_at=now, **_values(rule)).execute(db)


def change(db: Database, organization_id: int, rule: Rule) -> None:
    """The rule with this id is now as given; its alerts keep the name it had. Raises Refused as `create` and `one`."""
    one(db, organization_id, rule.id)
    _check(db, organization_id, rule)
    _update(db, rule.id, _values(rule))


def set_paused(db: Database, organization_id: int, rule_id: int, paused_at: int | None) -> None:
    """From now on it raises nothing; None: it does again. Raises Refused as `one`."""
    one(db, organization_id, rule_id)
    _update(db, rule_id, {"paused_at": paused_at})


def delete(db: Database, now: int, organization_id: int, rule_id: int) -> None:
    """It is gone; its alerts stay. Raises Refused as `one`."""
    one(db, organization_id, rule_id)
    _update(db, rule_id, {"deleted_at": now})


def _check(db: Database, organization_id: int, rule: Rule) -> None:
    check(rule)
    if rule.assistant_id is not None:
        assistants.find(db, organization_id, rule.assistant_id)


def _update(db: Database, rule_id: int, values: dict) -> None:
    rights_changed(db)
    AlertRule.update(**values).where(AlertRule.id == rule_id).execute(db)


def _rows(db: Database, organization_id: int, *conditions) -> list[RuleRow]:
    columns = [AlertRule.id, *(AlertRule._meta.combined[_column(name)] for name in _FIELDS)]
    query = AlertRule.select(AlertRule.created_at, AlertRule.paused_at, *columns).where(
        AlertRule.organization_id == organization_id, AlertRule.deleted_at.is_null(), *conditions
    )
    rows = query.order_by(AlertRule.id).tuples().execute(db)
    return [RuleRow(rule=_rule(row), created_at=made, paused_at=paused) for made, paused, *row in rows]


def _rule(row: list) -> Rule:
    values = dict(zip(("id", *_FIELDS), row, strict=True))
    return Rule(**values | {"on_interims": bool(values["on_interims"])})


def _column(field: str) -> str:
    return {"assistant_id": "assistant"}.get(field, field)


def _values(rule: Rule) -> dict:
    return {_column(name): getattr(rule, name) for name in _FIELDS}
