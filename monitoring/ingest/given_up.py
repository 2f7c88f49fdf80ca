"""Looking into the failure queue: only its own count, so nothing in it is touched."""

from typing import Any, Final

from psycopg2.extensions import connection as Connection

from monitoring.loop import Step
from monitoring.storage import database, failure_queue

_NAMES: Final = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


def looking(sqs: Any, url: str) -> Step:
    """Return the step that stores how many messages wait and how many are being redriven."""

    def look(connection: Connection) -> int:
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_NAMES))
        waiting, hidden = (int(answer["Attributes"][name]) for name in _NAMES)
        with database.transaction(connection) as cursor:
            failure_queue.store(cursor, waiting, hidden)
        return 0

    return look
