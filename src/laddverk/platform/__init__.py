"""Engines: the only package that knows PostgreSQL, the outbox, jobs, the audit log, mail transport and files."""
