"""A running lab: peers with their pages, changes of the world, state folder, clock, ACME."""
