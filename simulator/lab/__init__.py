"""A running lab, put together: world changes, peers with their pages, state folder, clock, ACME."""
