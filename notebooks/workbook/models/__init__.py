"""What the widgets show, as values. No widgets in here."""
