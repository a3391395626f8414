"""Benchmarks, each in a module of its own: ``python -m tests.benchmarks [NAME…]``.

What is compared is measured in one run and in turns, so that another load on the machine hits
both sides the same; medians and ratios are shown. Nothing here is a test: no speed is asserted.
"""
