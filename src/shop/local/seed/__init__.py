"""Fills an empty shop: the state that events would have left, without events and without counting.

Goods and their order of writing: pictures, stock, orders' copy, people, and last, in one transaction, the catalog: a
shop that has products has all the rest.
"""
