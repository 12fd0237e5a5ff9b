"""Singer tap for the conversations of a Salesforce Service Cloud org."""
