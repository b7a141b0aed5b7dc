"""A running lab: endpoints, connections, network and clock of one deployment."""
