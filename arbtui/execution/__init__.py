"""Hedges: two orders on two venues that belong together, from the key that fires them to both legs flat.

    intents, policy    what is wanted, its orders' names, and the written policy that holds for it
    reviews    from a wish and live prices to an intent, frozen
    lifecycle  the states of a hedge and what leads from one to another, as one table
    ledger, lines      what is known of a hedge and of each of its orders: a fold of facts, exact, in coins
    records    the facts, as the journal keeps them
    decide     (ledger, quotes, now) -> one action; pure; its parts: doubts, leading, repair; its words: actions
    runner     the single writer: journals (keeper), then sends; nothing else changes money state
    hearing, audit     whose an event is; what the venues hold against what the hedges know
    preflight, limits, quantity    what must hold before anything is sent
    pairs, pnl         what is open, and what it earned and cost
    paper      fills on live books without an exchange
    ports      what the runner needs of the world: executors, a journal, prices

No asyncio, no socket and no clock of its own in here: time, timers and answers come in, so that the same code runs in
the engine, in a test and in a simulation of a hundred thousand episodes.
"""
