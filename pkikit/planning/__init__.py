"""From today's certificates to tomorrow's: the steps, an order in which nothing is refused, and the proof."""
