"""Singer streams: how they are declared, read, and how their bookmarks move."""
