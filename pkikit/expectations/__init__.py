"""What an owner promises of a deployment, and the rules of a house as data: kept, broken, or not assessed. Pure."""
