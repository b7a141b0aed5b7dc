"""The deployment file as text: YAML with places for messages, and the types of its fields."""
