"""What was said in enhanced chats, which no query shows: interfaces, limits, and the stream."""
