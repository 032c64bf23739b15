"""The record of everything: tables, migrations, and one repository per noun.

Only this package knows of SQL. Every repository takes a `Database`, is thread-safe and blocks; code
in an event loop calls it through `asyncio.to_thread`, except `Journal.record`, which never blocks.
"""
