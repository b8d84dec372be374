"""The kinds of lines, by the word after ``"type":``. Apart from the rest, so that a command line is checked at once."""

OF_MARKET = ("quote", "book", "ticker", "funding", "premium", "spread", "signal", "alert")
OF_MONEY = ("order", "fill", "hedge", "position", "account")
KINDS = (*OF_MARKET, "decision", "status", "process", *OF_MONEY)
