"""What a report says, as values: connections, services, causes, certificates, dates, and what was not assessed."""
