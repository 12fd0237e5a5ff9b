"""How much of what people wrote comes out right, on transcripts and mails labelled by hand."""
