"""Pages of people: one's own account, and the accounts of others."""

from __future__ import annotations

from tutela.interfaces.console.access import account, accounts, keys

HANDLERS = (
    account.show_account,
    account.set_password,
    account.set_authenticator,
    account.end_other_sessions,
    keys.ask_for_key,
    keys.add_key,
    keys.remove_key,
    accounts.list_accounts,
    accounts.invite,
    accounts.invite_again,
    accounts.change,
)
"""Every page about people."""
