"""May A accept B: names, trust, verification, diagnosis, rules. Pure; every judgement takes `at`."""
