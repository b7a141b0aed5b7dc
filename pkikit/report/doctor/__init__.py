"""One answer about whatever somebody has in hand: what it is, what is wrong, what was not assessed, what to do next."""
