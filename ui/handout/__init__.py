"""Medisinrunde: handing out the day's doses, one patient at a time."""
