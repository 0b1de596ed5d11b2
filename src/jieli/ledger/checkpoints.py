"""Storing what the signer, the witnesses and the timestamp authorities said of the log's heads, and checking it."""

from collections.abc import Iterator

from django.db import transaction

from jieli.ledger import queries
from jieli.ledger.bulk import copy_rows
from jieli.ledger.fsck import Finding
from jieli.ledger.models import Checkpoint, Cosignature, Log, Timestamp
