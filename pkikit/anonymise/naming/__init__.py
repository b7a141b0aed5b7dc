"""Other names for machines, domains, zones and organisations, and other addresses."""
