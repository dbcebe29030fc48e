"""What a run of a stack tells the next one, in the output `kept`: what AWS and clusters keep, and no setting says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from settings.storage.storage import StorageSettings


@dataclass(frozen=True, kw_only=True)
class Kept:
    """older_copies: whether copies keep the names that they had before these named the stack's region."""

    older_copies: bool = False

    @classmethod
    def of(cls, outputs: Mapping[str, Any], settings: StorageSettings) -> "Kept":
        """Reads what the last run kept. outputs: of the stack that is up, if it is."""
        kept = outputs.get("kept")
        if kept is None:  # a new stack, or one of an earlier release
            return cls(older_copies=bool(outputs and settings.copy_regions))
        return cls(older_copies=kept["older_copies"])

    def outputs(self) -> dict[str, Any]:
        return {"older_copies": self.older_copies}
