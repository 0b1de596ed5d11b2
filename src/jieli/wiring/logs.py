"""How a log line is written: what kind of fault and where. No address with its parameters, no values, no content."""

import logging
import traceback


class House(logging.Formatter):
    """One line a record. Faults are told by type and place; a request by the pattern of its address."""

    def format(self, record: logging.LogRecord) -> str:
        said = record.getMessage()
        request = getattr(record, "request", None)
        if request is not None:
            match = getattr(request, "resolver_match", None)
            said = f"{request.method} {match.route if match else '?'} {getattr(record, 'status_code', '')}"
        return f"{record.levelname} {record.name} {said}{self._fault(record)}"

    def _fault(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[0] is None:
            return ""
        frames = traceback.extract_tb(record.exc_info[2])
        ours = [f for f in frames if "/jieli/" in f.filename or "/seal/" in f.filename] or frames
        where = f"{ours[-1].filename.rpartition('/src/')[2]}:{ours[-1].lineno}" if ours else "?"
        return f" {record.exc_info[0].__name__} {where}"


class NoStatements(logging.Filter):
    """Nothing of what the database was asked passes, at whatever level somebody sets its logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Never: a statement's parameters are people's data, and its text may hold them too."""
        return False
