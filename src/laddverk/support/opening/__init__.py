"""What is done by itself when a case is opened: rules, then the team that it belongs to, then whose turn it is."""
