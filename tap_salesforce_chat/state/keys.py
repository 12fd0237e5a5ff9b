"""The keys of STATE besides Singer's own. Consumers learn from them what a sync has read."""

from __future__ import annotations

BOOKMARKS = "bookmarks"

# Top level: the org's Id of 18 characters, an item for each stream that is read (see `SyncReads`),
# the number of API requests, and when the sync started and completed. The last two keys are only
# in the very last STATE of a sync that has read every stream to its end.
ORGANIZATION = "organization_id"
READS = "sync_reads"
REQUESTS = "sync_requests"
STARTED, COMPLETED = "sync_started_at", "sync_completed_at"

# In a stream's bookmark are instants of SystemModstamp, where null stands for the beginning.
# From where on the stream's rows were ever read, and the same of a stream without rows, which has
# no bookmark.
READ_SINCE, EMPTY_SINCE = "read_since", "empty_since"
# From where on rows were read without each missing field, and from where on they are being read
# again with fields that are back.
READ_WITHOUT, READ_AGAIN = "read_without", "read_again_since"
# From where on rows were emitted of cases whose older rows are still to be emitted, and the bound
# before which older rows were emitted when that was last done for all of them.
OWED_SINCE, WHOLE_BEFORE = "cases_owed_since", "cases_whole_before"
INSTANTS = frozenset(
    {"replication_key_value", READ_SINCE, EMPTY_SINCE, READ_AGAIN, OWED_SINCE, WHOLE_BEFORE}
)
# There too: an unfinished Bulk job, which the next run goes on with (see `BulkJob`).
BULK_JOB = "bulk_job"
