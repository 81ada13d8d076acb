"""What the house is made of, each part put together with what it works with: nothing runs here yet.

A part is a function of the `Site`, and mostly of the `Ground` on it. `strongroom.wiring` calls them in order.
"""
