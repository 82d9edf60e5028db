"""Reads a TOML file of `config/` into a pydantic model; every refusal names the file and the field."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from debit_service.core.errors import InvalidInput, NotFound

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """The plain content of `path`. Raises NotFound `config.missing` or InvalidInput `config.toml`."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound("config.missing", "This configuration file does not exist.", place=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("config.toml", f"This is no TOML 1.0 text in UTF-8: {error}.", place=str(path)) from None


def as_model(model: type[Model], content: dict[str, Any], path: Path) -> Model:
    """`content` of `path` as a `model`. Raises InvalidInput `config.invalid` that lists every field that does not fit."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        findings = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise InvalidInput("config.invalid", findings, place=str(path)) from None
