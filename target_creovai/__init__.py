"""Singer target that assembles Salesforce conversations and delivers them to Creovai."""

DISTRIBUTION = "salesforce-creovai"  # the package's name on an index
LOGGER_NAME = "target-creovai"
