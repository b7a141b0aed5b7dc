"""Commands about whole deployments: design them, import them, report on them."""
