"""Base of all settings models: immutable, and unknown keys are errors."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of every settings model. A misspelt key is an error and is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
