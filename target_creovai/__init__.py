"""Singer target that assembles Salesforce conversations and delivers them to Creovai."""
