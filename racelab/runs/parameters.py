"""A notebook's parameters: read as its sidecar types them, checked before anything runs."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema
import yaml
from pydantic import SecretStr

from racelab.errors import BadInput
from racelab.runs.notebooks import Notebook
from racelab.settings import get_settings

_SECRET_NAME = re.compile(r"passw|secret|token|credential|api_?key|private_?key", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


def read_values(notebook: Notebook, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Values of texts: as they are where the sidecar says text (007 stays 007), as YAML otherwise.

    Raises:
        BadInput: a text is not YAML.
    """
    return {name: _read(notebook.parameters.get(name, {}), name, text) for name, text in pairs}


def complete(notebook: Notebook, given: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a run: the given ones, and the defaults of the rest, as the sidecar allows them.

    Raises:
        BadInput: one is not known, is not of its type or range, or is a secret.
    """
    for name, value in given.items():
        _refuse_secret(name, value)
    if unknown := sorted(given.keys() - notebook.parameters.keys()):
        raise BadInput(f"{notebook.name} has no parameter {', '.join(unknown)}; allowed are {allowed(notebook)}")
    values = {**notebook.defaults, **given}
    validator = jsonschema.Draft202012Validator(notebook.schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(values))
    if error is not None:
        where = f"parameter {error.path[0]}: " if error.path else ""
        raise BadInput(f"{notebook.name}: {where}{error.message}; allowed are {allowed(notebook)}")
    return values


def allowed(notebook: Notebook) -> str:
    """The notebook's parameters in one line: name, type, range or choices, default."""
    return "; ".join(_describe(name, schema) for name, schema in notebook.parameters.items()) or "no parameters"


def _describe(name: str, schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "any value")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    if "enum" in schema:
        kind = "one of " + ", ".join(map(str, schema["enum"]))
    span = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return f"{name} ({' '.join([kind, *span])}, default {schema['default']})"


def _read(schema: Mapping[str, Any], name: str, text: str) -> Any:
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "string" in kinds:
        return None if "null" in kinds and text in ("null", "") else text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"parameter {name}: {text!r} is not YAML; quote it") from error


def _refuse_secret(name: str, value: Any) -> None:
    settings = get_settings()
    secrets = [getattr(settings, key) for key in type(settings).model_fields]
    known = {secret.get_secret_value() for secret in secrets if isinstance(secret, SecretStr)}
    text = str(value)
    if _SECRET_NAME.search(name) or _SECRET_VALUE.search(text) or text in known:
        raise BadInput(
            f"parameter {name} looks like a secret, and parameters are written down with the run: "
            "set it in the environment or in .env"
        )
