"""The console: the operator's pages. Handlers read input, call a service or a query, and render."""
