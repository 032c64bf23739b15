"""Meadow: a small invented service with pictures and chat that works with a Tutela server.

Read in this order: `asking.py` (what Meadow tells Tutela and does with the answer), `receiver.py`
(how actions come in and are confirmed), `duties.py` (how each action is carried out). The rest is
what any small web application has.
"""
