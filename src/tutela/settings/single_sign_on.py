"""Settings of signing in with an account that an organisation keeps elsewhere."""

from __future__ import annotations

from typing import Annotated

from tutela.settings.declare import Section, setting


class OidcSettings(Section, frozen=True, kw_only=True):
    """Single sign-on with an OpenID Connect provider.

    The client's secret is read from a file of its own, so that it stands in no environment.
    """

    issuer: Annotated[
        str,
        setting(
            "the provider's name for itself, below which it is asked for what it can do; empty "
            "means no single sign-on",
            pattern=r"^(https?://[^?#@\s]+)?\Z",
            form="an address that begins with https://, without a query",
        ),
    ] = ""
    title: Annotated[
        str, setting("what the provider is called on the sign-in page", pattern=".", form="a name")
    ] = "your organisation"
    client_id: Annotated[str, setting("what the provider calls this program")] = ""
    client_secret_file: Annotated[
        str,
        setting("file with the client's secret; mode 0600; empty means that it has none"),
    ] = ""
    scopes: Annotated[
        str,
        setting(
            "scopes that are asked for, parted by blanks",
            pattern=r"^([^\s]+ )*openid( [^\s]+)*\Z",
            form="scopes parted by one blank each, openid among them",
        ),
    ] = "openid profile"
    acr: Annotated[
        str,
        setting(
            "how somebody must have signed in at the provider, as it names that in the claim acr, "
            "so that a second factor was asked for; empty demands nothing"
        ),
    ] = ""
    name_claim: Annotated[
        str, setting("claim of the ID token that becomes the name of a new account")
    ] = "preferred_username"
    role_claim: Annotated[
        str, setting("claim of the ID token that roles follow from; dots lead into objects")
    ] = "groups"
    roles: Annotated[
        str,
        setting(
            "which role follows from which value of that claim, the first that fits, such as "
            "csam-leads=supervisor; csam-review=reviewer. Empty means that roles are given here"
        ),
    ] = ""
    provision: Annotated[
        bool,
        setting("whether somebody with a role by `oidc.roles` gets an account by signing in"),
    ] = False
    private: Annotated[
        bool,
        setting("whether the provider may have a private address, and be reached without TLS"),
    ] = False
    seconds: Annotated[
        float,
        setting("longest wait for an answer of the provider", "seconds", ge=0.1, le=60),
    ] = 10.0
