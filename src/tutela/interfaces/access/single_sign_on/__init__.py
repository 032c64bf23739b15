"""Signing in with an account that an organisation keeps elsewhere (OpenID Connect)."""
