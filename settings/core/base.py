"""Base of all settings models: immutable, and unknown keys are errors."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of every settings model. A misspelt key is an error and is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def default_of(cls, field: str) -> Any:
        """Returns the value of a field that is not given; None for a field that must be given."""
        described = cls.model_fields[field]
        return None if described.is_required() else described.get_default(call_default_factory=True)
