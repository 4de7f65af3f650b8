"""Fills an empty shop: the state that events would have left, without events and without counting.

People, pictures, stock and orders' copy come first; the catalog comes last, in one transaction: a
shop that has products has all the rest.
"""
