"""Base of all settings models: immutable, and unknown keys are errors."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


class Settings(BaseModel):
    """Base of every settings model. A misspelt key is an error and is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def default_of(cls, field: str) -> Any:
        """Returns the value of a field that is not given; None for a field that must be given."""
        described = cls.model_fields[field]
        return None if described.is_required() else described.get_default(call_default_factory=True)


def fields_by_key(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """Returns the fields of a model by their keys in a stack file. `from` is no name of a field in Python."""
    return {field.alias or name: field for name, field in model.model_fields.items()}
