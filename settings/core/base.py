"""What every settings model shares: frozen, and no unknown keys."""

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Base of every settings model. A misspelt key is an error, never a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid")
