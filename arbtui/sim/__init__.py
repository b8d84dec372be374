"""The exchanges that come along: simulated venues on 127.0.0.1, wire-accurate, with a truth to compare against.

Nothing here imports the codecs in ``arbtui.venues``: what is written here and what is read there were written apart, so
that one misreading cannot sit on both sides. How to add a venue: ``base``.
"""
