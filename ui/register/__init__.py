"""Narkotikaregnskap: stores, bags, counts, differences, and the register on paper."""
