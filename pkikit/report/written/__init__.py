"""A report in its forms: a page, Markdown, a calendar, JSON. Each is made from the same value."""
