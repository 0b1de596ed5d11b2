"""Where everything dies. Every fail point of the source stands here at least once: a house test compares."""

from benchmarks.faults import filed, keeping, leaving, runs, serving, troubles
from benchmarks.faults.runs import Scene

SCENES: dict[Scene, tuple[str, ...]] = {
    runs.importer: (
        "archive.before_copy", "archive.after_copy", "keys.before_store", "keys.after_store",
        "import.before_commit", "ledger.before_lock", "ledger.before_commit", "import.before_acknowledge",
    ),
    runs.reader: ("ledger.before_lock", "ledger.before_commit", "reading.after_opening"),
    runs.web: ("ledger.before_lock", "ledger.before_commit", "reading.after_opening"),
    runs.signer: (
        "checkpoint.before_store", "checkpoint.after_store", "checkpoint.before_cosignature",
        "checkpoint.before_timestamp", "deposit.before_entry",
    ),
    runs.shredder: (
        "shred.before_commit", "shred.after_intent", "index.merge_rows", "index.after_swap", "shred.after_unlist",
        "shred.after_secrets", "shred.before_emptied", "shred.after_emptied", "shred.before_certified",
    ),
    runs.merger: ("index.merge_rows", "index.before_swap", "index.after_swap"),
    runs.rebuilder: ("rebuild.after_opening", "rebuild.before_swap"),
    runs.rotation: (
        "rotate.before_key", "keys.before_rename", "rotate.after_key", "rotate.after_entry", "rotate.after_epoch",
        "rotate.before_commit", "rotate.between_pages", "rotate.before_retired", "rotate.after_retired",
    ),
    runs.destroyer: ("destroy.renamed", "destroy.overwritten", "destroy.after_key", "destroy.after_entry"),
    runs.exporter: ("export.before_checkpoint", "export.after_checkpoint"),
    keeping.keeper: ("keys.before_store", "keys.after_store", "keys.before_rename", "rotate.before_commit"),
    keeping.kept_importer: ("keys.before_store", "keys.after_store"),
    runs.retention: ("shred.before_commit", "shred.after_unlist", "shred.after_secrets", "shred.after_emptied"),
    filed.papers: (
        "shred.before_commit", "shred.after_intent", "shred.after_unlist", "shred.after_secrets",
        "shred.before_emptied", "shred.after_emptied", "shred.before_certified", "shred.after_certified",
        "between_parts", "server_between_parts",
    ),
    leaving.saver: ("backup.after_table", "backup.before_rename", "outside.before_rename"),
    leaving.packer: ("package.after_seal", "package.in_write", "package.before_rename", "package.after_rename"),
    leaving.leaver: ("leaving.after_seal", "leaving.after_volume"),
    serving.web_worker: ("worker", "server"),
    runs.postgres: ("import", "shred", "rotate", "rebuild", "sign", "work"),
}  # fmt: skip
#: What fails beside processes, by the same counting.
TROUBLES: dict[Scene, tuple[str, ...]] = {
    troubles.full_disk: ("package", "export", "backup", "keys"),
    troubles.full_database: ("index",),
    troubles.lost_connection: ("import",),
    troubles.away: ("witness", "authority", "depository"),
    troubles.clock_back: ("import",),
}
_RESTORE, _NEW_LOG = "tests/rooms/test_restore.py", "tests/rooms/test_restore_new_log.py"
_ROTATE_LOG = "tests/doors/test_cli_rotate_log.py"
_WEEK, _MEDIA = "tests/rooms/test_succession_week.py", "tests/rooms/test_media.py"
#: Killed in the suite, where a platform, a store of media or a second installation stands: by which file.
IN_THE_SUITE = {
    "shred.late_found": "tests/rooms/test_archive_late.py",
    **dict.fromkeys(
        (
            "logkeys.before_named", "logkeys.after_key", "logkeys.before_entry", "logkeys.after_entry",
            "logkeys.after_policy", "logkeys.after_finish", "logkeys.after_aside", "logkeys.after_abandon",
        ),
        _ROTATE_LOG,
    ),
    **dict.fromkeys(
        (
            "transfer.after_intent", "transfer.after_call", "transfer.after_answer", "transfer.before_resolve",
            "transfer.before_poll_record", "transfer.after_poll",
        ),
        _WEEK,
    ),
    **dict.fromkeys(
        (
            "upload.before_store", "upload.in_store", "upload.before_rename", "upload.after_store",
            "upload.before_commit",
        ),
        _MEDIA,
    ),
    **dict.fromkeys(
        (
            "restore.after_files", "restore.before_commit", "restore.after_tail",
            "restore.before_commit_of_replay", "restore.after_commit",
        ),
        _RESTORE,
    ),
    **dict.fromkeys(
        (
            "restore.after_new_key", "restore.after_new_log", "restore.after_policy", "restore.after_old_key",
        ),
        _NEW_LOG,
    ),
}  # fmt: skip
