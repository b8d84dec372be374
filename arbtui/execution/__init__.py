"""Hedges: two orders on two venues that belong together, from the key that fires them to both legs flat.

    intents    what is wanted, and the policy that holds for it
    lifecycle  the states of a hedge and what leads from one to another, as one table
    ledger     what is known of a hedge: a fold of observations, exact, in coins
    decide     (intent, ledger, quotes, now) -> one action; pure
    runner     the single writer: journals, then sends; feeds observations back; nothing else changes money state
    preflight, limits, quantity    what must hold before anything is sent
    paper      fills on live books without an exchange
    ports      what the runner needs of the world: executors, a journal, prices

No asyncio, no socket and no clock of its own in here: time, timers and answers come in, so that the same code runs in
the engine, in a test and in a simulation of a hundred thousand episodes.
"""
