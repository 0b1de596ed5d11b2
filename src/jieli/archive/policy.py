"""Numbers and pure rules of the archive that a site or counsel may look at."""

from jieli.kernel.times import DAY, HOUR

#: Backups of the key store and of the keyring live no longer than this after a key went out of use.
KEY_BACKUP_DAYS = 30
#: At the latest after so many days a new wrap epoch is opened.
EPOCH_DAYS = 30
#: Backups of the main database live no longer than this.
MAIN_BACKUP_DAYS = 35
#: A page without a batch for so long was left by a crash.
ORPHAN_AFTER = HOUR

#: Merging: a tier of an event month is merged when it has this many segments of about the same size.
MERGE_WIDTH = 8


def backups_gone_by(live_gone_at: int) -> int:
    """The day after which no backup holds what was destroyed at `live_gone_at` (ms UTC): the certificate's second date.

    For secrets: the epoch ends within EPOCH_DAYS and its key is destroyed KEY_BACKUP_DAYS later; for plain
    columns: the main database's backups run out. Whichever is later (ADR 3).
    """
    return live_gone_at + max(EPOCH_DAYS + KEY_BACKUP_DAYS, MAIN_BACKUP_DAYS) * DAY


def tier(documents: int) -> int:
    """The tier of a segment: segments whose sizes differ by less than MERGE_WIDTH times share one."""
    found = 0
    while documents >= MERGE_WIDTH:
        documents, found = documents // MERGE_WIDTH, found + 1
    return found
