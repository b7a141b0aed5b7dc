"""If no order exists: other designs of the change and extra steps, each tried, and what each achieves."""
