"""Rules of a house as data: conditions over a fixed list of typed facts, each proved by an example and a near miss."""
