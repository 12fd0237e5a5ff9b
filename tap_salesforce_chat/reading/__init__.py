"""How rows are read: by REST in windows of time, or by Bulk API 2.0 jobs."""
