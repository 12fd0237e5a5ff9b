"""Who took part in a conversation, and who said what."""
