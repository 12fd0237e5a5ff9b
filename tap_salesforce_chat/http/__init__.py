"""HTTP to Salesforce: a client, and what it is composed of."""
