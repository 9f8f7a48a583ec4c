"""FTP for chargers so old that they know no HTTP: they hand in one log, or fetch one image. Off unless a port is set.

What always holds:
- User and password are those of one link: nobody has an account, and nothing is done before both are right.
- There are no directories, no lists and no other files: whatever name is given means the one file of the link.
- A data connection comes from, or goes to, the address of the control connection and no other (no bounce, RFC 2577).
- Lines, commands, sessions, bytes and silence have limits; whoever breaks one disturbs itself alone.

`server` listens, `session` talks, `data` moves the bytes, `addresses` reads what a charger says of its own.
"""
