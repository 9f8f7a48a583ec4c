"""Notices: what people are told by mail, written once in each language and kept as it was sent.

Nouns: a *notice* (one message to one person), its *template*, the *mail* it becomes.

Promises
- A notice is written in the transaction of its cause, and sent after the commit: never before, never without it.
- With a `unique_key` it is written once, however often its cause is repeated.
- Without an SMTP server mails are only kept, where the demo's mail box shows them; their files are not.
- Files are in memory one mail at a time, and forgotten when it has left or never will.
- Nothing that a person typed reaches a header unchecked; everything in the HTML is escaped.

Notifications in browsers are in `notices.push`. Publishes and hears no events.
"""
