"""The screen: a guest of the engine. It samples state at its own pace and sends commands; it owns no market logic."""

import os

# A style costs 21 bytes in 256 colours and 35 in sixteen million, and every terminal knows the former. Textual reads
# this when it is imported; a person who wants otherwise sets it.
os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
