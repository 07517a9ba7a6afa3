"""The JSON forms of record fields, and their conversion to text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from oneroster_nb.tables.casting import is_password
from oneroster_nb.tables.field import Shape
from oneroster_nb.tables.fields import FIELDS
from oneroster_nb.tables.table import join_values

_REF = pa.struct([("href", pa.string()), ("sourcedId", pa.string()), ("type", pa.string())])
_PARTS = FIELDS["roles"].in_record("1.2")
_ROLE = pa.struct(
    [(one.json_key, _REF if one.shape is Shape.REF else pa.string()) for one in _PARTS]
)
ROLE_PARTS = tuple(one.json_key for one in _PARTS)
"""The fields of a OneRoster 1.2 role, in the order of its text form."""
BETWEEN_ROLES, BETWEEN_PARTS = "\x1e", "\x1f"
"""Separators of roles, and of the parts of a role, in a text; no name or id holds them."""
_ID = pa.struct([("type", pa.string()), ("identifier", pa.string())])


ARROW_TYPES: Mapping[Shape, Any] = {
    Shape.TEXT: pa.string(),
    Shape.VALUES: pa.list_(pa.string()),
    Shape.REF: _REF,
    Shape.REFS: pa.list_(_REF),
    Shape.IDS: pa.list_(_ID),
    Shape.ROLES: pa.list_(_ROLE),
}
"""The Arrow type of a field of each shape."""


@dataclass(frozen=True)
class Field:
    """A field of a JSON record, its shape, and the canonical column that it becomes."""

    source: str
    column: str
    shape: Shape = Shape.TEXT


def text_of(value: Any, shape: Shape) -> str | None:
    """Convert a JSON value to the text of its shape, even if it has another form."""
    if value is None or shape is Shape.TEXT:
        return plain(value)
    if shape is Shape.REF:
        return _reference(value[0] if isinstance(value, list) and value else value)
    values = value if isinstance(value, list) else [value]
    if shape is Shape.ROLES:
        return BETWEEN_ROLES.join(_role(item) for item in values if isinstance(item, dict))
    if shape is Shape.REFS:
        texts = [_reference(item) for item in values]
    elif shape is Shape.IDS:
        texts = [_user_id(item) for item in values]
    else:
        texts = [plain(item) for item in values]
    return join_values(text for text in texts if text is not None)


def extras(record: Mapping[str, Any], known: Mapping[str, Shape]) -> list[tuple[str, Any]]:
    """Return the unknown fields of a record, with the names of their columns."""
    extras = {f"metadata.{name}": value for name, value in record.items() if name not in known}
    metadata = extras.pop("metadata.metadata", None)
    if isinstance(metadata, dict):
        extras |= {f"metadata.{name}": v for name, v in metadata.items() if v is not None}
    elif metadata is not None:
        extras["metadata.metadata"] = metadata
    return list(extras.items())


def plain(value: Any) -> str | None:
    """Write a JSON value as text: a list as joined values, an object as JSON."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _characters(value)
    if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return join_values(text for text in map(plain, value) if text is not None)
    return _characters(json.dumps(_without_passwords(value), ensure_ascii=False))


def _characters(text: str) -> str:
    """Replace unpaired surrogates: they are not characters, and cannot be stored."""
    return text.encode("utf-8", "replace").decode()


def _role(value: Mapping[str, Any]) -> str:
    """Write a role as one text; its org as the id."""
    parts = (value.get(part) for part in ROLE_PARTS)
    texts = (_reference(part) if isinstance(part, dict) else plain(part) for part in parts)
    return BETWEEN_PARTS.join(text or "" for text in texts)


def _reference(value: Any) -> str | None:
    return plain(value.get("sourcedId")) if isinstance(value, dict) else plain(value)


def _user_id(value: Any) -> str | None:
    if not isinstance(value, dict):
        return plain(value)
    parts = [plain(value.get(name)) for name in ("type", "identifier")]
    return None if parts == [None, None] else f"{{{parts[0] or ''}:{parts[1] or ''}}}"


def _without_passwords(value: Any) -> Any:
    """Remove passwords from an object that is kept as JSON."""
    if isinstance(value, dict):
        return {k: _without_passwords(v) for k, v in value.items() if not is_password(k)}
    if isinstance(value, list):
        return [_without_passwords(item) for item in value]
    return value
