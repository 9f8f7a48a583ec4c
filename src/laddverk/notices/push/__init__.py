"""Notifications in browsers (web push, RFC 8030, 8291 and 8292), for those on call and for drivers.

Nouns: a *device* is one browser whose owner asked for them; a *message* is one notification to one device.

What always holds:
- What a browser sends as its subscription is hostile until it was checked: its address is asked over TLS and at public
  addresses only, or at the push services that the operator lists.
- A message can be read by that browser alone; the push service sees its size and its time.
- A subscription that the push service calls gone (404, 410) is taken away by itself.
- The key that proves us to push services is made from our own link key: it is stored nowhere.
"""
