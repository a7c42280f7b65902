"""What a tenant configures: the JSON Schema (2020-12) that forms are made of, and its defaults.

    SETTINGS = record(
        greeting=text(kind="announcement", default="welcome"),
        attempts=number(min=1, max=10, default=3),
    )

Names are in snake_case here, and in kebab-case in the schema and for tenants.
"""

import json
from types import SimpleNamespace


def _kebab(name):
    return name.rstrip("_").replace("_", "-")


class Setting:
    """One setting; ``rules`` are those of its type."""

    def __init__(self, type_, rules, *, fallback=None, optional=False, required=False, kind=None, unit=None, help=None):
        self.type, self.rules = type_, rules
        self.fallback = fallback
        self.optional, self.required = optional, required
        self.kind, self.unit, self.help = kind, unit, help

    def schema(self, name=None):
        schema = {"type": [self.type, "null"] if self.optional else self.type}
        if name:
            schema["title"] = _kebab(name).replace("-", " ").capitalize()
        for key, value in (("description", self.help), ("x-kind", self.kind), ("x-unit", self.unit)):
            if value:
                schema[key] = value
        schema.update({key: value for key, value in self.rules.items() if value is not None})
        if not self.required:
            schema["default"] = self.fallback
        return schema

    def give(self, value):
        """What the behaviour gets for a value as JSON has it."""
        return value

    def read(self, text):
        return self.give(json.loads(text))


def text(*, default=None, pattern=None, min_length=None, max_length=None, **more):
    """A string."""
    fallback = default if default is not None or more.get("optional") else ""
    rules = {"pattern": pattern, "minLength": min_length, "maxLength": max_length}
    return Setting("string", rules, fallback=fallback, **more)


def number(*, default=None, min=None, max=None, **more):
    """A whole number."""
    fallback = default if default is not None else min or 0
    return Setting("integer", {"minimum": min, "maximum": max}, fallback=fallback, **more)


def flag(*, default=False, **more):
    """On or off."""
    return Setting("boolean", {}, fallback=default, **more)


def choice(*words, default=None, **more):
    """One of these words, the first unless said otherwise."""
    return Setting("string", {"enum": list(words)}, fallback=default or words[0], **more)


class _Several(Setting):
    def __init__(self, items, max_items, **more):
        super().__init__("array", {"items": items.schema(), "maxItems": max_items}, fallback=[], **more)
        self.items = items

    def give(self, value):
        return [self.items.give(item) for item in value or []]


def several(items, *, max_items=None, **more):
    """A list."""
    return _Several(items, max_items, **more)


class _Record(Setting):
    def __init__(self, fields, **more):
        properties = {_kebab(name): field.schema(name) for name, field in fields.items()}
        required = [_kebab(name) for name, field in fields.items() if field.required]
        rules = {"properties": properties, "required": required or None, "additionalProperties": False}
        optional = more.get("optional", False)
        fallback = None if optional or required else {_kebab(name): field.fallback for name, field in fields.items()}
        super().__init__("object", rules, fallback=fallback, **more)
        self.fields = fields

    def give(self, value):
        if value is None:
            if self.optional:
                return None
            value = {}
        given = {}
        for name, field in self.fields.items():
            given[name] = field.give(value.get(_kebab(name), field.fallback))
        return SimpleNamespace(**given)


def record(*, optional=False, help=None, **fields):
    """Settings by their names; a name that Python keeps for itself may end in ``_``."""
    return _Record(fields, optional=optional, help=help)
