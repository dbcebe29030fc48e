"""Backups: a vault that is locked, plans by schedule, and copies in a second region."""

from collections.abc import Mapping

from settings.held_data import HeldData
from settings.recovery import RecoverySettings
from settings.recovery_plan import protection

BACKUP_TAG = "ml-platform:backup"


def backup_tags(recovery: RecoverySettings, held: HeldData) -> Mapping[str, str]:
    """Tags of whatever holds the data of an entry: by the first one it is backed up, by the others it is explained.

    They go on the bucket or the file system itself, and not on its copy in another region.
    """
    found = protection(recovery, "", held)
    promised = found.promised
    said = {} if promised is None else {"rpo-minutes": promised.rpo_minutes, "rto-minutes": promised.rto_minutes}
    return {
        BACKUP_TAG: found.label,
        "ml-platform:tier": held.tier,
        **{f"ml-platform:{name}": str(minutes) for name, minutes in said.items()},
    }
