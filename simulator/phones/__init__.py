"""The telephones of the exchange: a page with a keypad, captions, and a browser as the receiver."""
