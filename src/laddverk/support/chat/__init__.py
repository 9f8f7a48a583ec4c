"""Chat: a driver's conversation with what we see of their charger, and with a person of ours when one is needed.

Nouns: a *chat* belongs to whoever has its signed address; its *lines* are the driver's, the machine's or an agent's;
what may be answered by one tap are the *offers* of its last line.

What always holds:
- The machine says what situations say, and does only what they offer. Who asks for a person gets one: a case that
  holds the whole conversation, the charge and the charger, so that nothing is said twice.
- A line is somebody's words and never HTML; nothing is read out of a picture.
- What we say to a driver who has left goes on by mail or text message, once, with a link that leads back.
- A chat is forgotten in time; what its case holds of it is forgotten with the case.
"""
