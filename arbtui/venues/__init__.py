"""The venues' wire, and nothing but the wire: bytes in, events out; wishes in, frames and requests out.

No socket, no asyncio, no clock, no random number in here. ``base`` says what a venue must offer, ``registry`` lists
those that do.
"""
