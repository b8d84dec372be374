"""The panel over the panes from which orders are sent.

    panel    the widget: a stack of pages, keys, a frame, scrolling
    page     what every page answers to
    order    a ticket: live preview, review, send
    hedge    a hedge under way or at rest: both legs, the result, what can be done about it
    hedges   several open hedges to choose from, or to flatten in order
    outcome  what a turn of a hedge brought

A page is bound to a coin and its legs, or to a hedge, when it is made; the grid may move as it likes beneath.
"""
