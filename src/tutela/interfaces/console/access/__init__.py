"""Pages of people: one's own account, and the accounts of others."""

from __future__ import annotations

from tutela.interfaces.console.access import account, accounts, keys, provider

HANDLERS = (
    account.show_account,
    account.set_password,
    account.set_authenticator,
    account.end_other_sessions,
    keys.ask_for_key,
    keys.add_key,
    keys.remove_key,
    provider.go_abroad,
    provider.come_back,
    provider.leave,
    provider.link_account,
    provider.unlink_account,
    accounts.list_accounts,
    accounts.invite,
    accounts.invite_again,
    accounts.change,
)
"""Every page about people."""
