"""One report about a deployment, and one screen about whatever somebody has in hand."""
