"""The participants of a conversation, and which of them sent each message.

`users_and_contacts` makes a participant of a row's parents, `merging` makes one of all that are
the same person. Cases: `case_authors`, `case_customers`, `automatic`. Chats: `chat_speakers` gives
the transcript parser the names that the record holds, `chat_participants` maps lines to people,
`chat_names` and `other_chats` carry what one chat decided about a name to other chats. Messaging
sessions: `messaging_senders`.
"""
