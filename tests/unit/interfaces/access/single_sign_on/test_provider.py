"""A provider that misbehaves lets nobody in, and holds nothing up."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from tests.servers.faulty_provider import (
    CLIENT,
    KEY,
    OTHER_KEY,
    SECRET,
    Claims,
    FaultyProvider,
    faulty_provider,
    signed,
)

from tutela.errors import BadConfiguration
from tutela.interfaces.access.single_sign_on.provider import Provider, check_settings
from tutela.interfaces.access.single_sign_on.refusals import NotProven, ProviderDown
from tutela.outgoing import Calls
from tutela.settings.single_sign_on import OidcSettings

BACK = "https://review.example.org/console/sign-in/provider/done"
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys/?v=2"
NOW = int(time.time())


@pytest.fixture(scope="module")
def running() -> Iterator[FaultyProvider]:
    with faulty_provider() as found:
        yield found


@pytest.fixture
def faulty(running: FaultyProvider) -> FaultyProvider:
    """One that behaves."""
    running.behave()
    return running


def provider_of(faulty: FaultyProvider, secret: str | None = SECRET, acr: str = "") -> Provider:
    settings = OidcSettings(
        issuer=faulty.issuer, client_id=CLIENT, private=True, seconds=0.5, acr=acr
    )
    return Provider(settings, secret)


def come(faulty: FaultyProvider, provider: Provider | None = None) -> Claims:
    """The whole way, with what the provider says in the end."""
    provider = provider or provider_of(faulty)
    begun = provider.begin(BACK)
    try:
        return dict(provider.finish(faulty.authorise(begun.address), begun.facts))
    finally:
        provider.close()


def why_not(faulty: FaultyProvider, provider: Provider | None = None) -> str:
    """Why nobody is let in, as the log has it; people are told less."""
    with pytest.raises(NotProven) as refused:
        come(faulty, provider)
    assert str(refused.value) == "signing in did not work; begin again from the sign-in page"
    return refused.value.why


def unsigned(claims: Claims) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def with_shared_key(claims: Claims) -> str:
    """Signed with the provider's public key as if that were a shared secret."""
    key = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    return jwt.encode({"alg": "HS256", "kid": "k1"}, claims, key)


def altered(claims: Claims) -> str:
    head, _, signature = signed(claims).split(".")
    body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "admin"}).encode())
    return f"{head}.{body.rstrip(b'=').decode()}.{signature}"


@pytest.mark.parametrize("secret", [SECRET, None])
@pytest.mark.parametrize("methods", [None, ["client_secret_post"], ["client_secret_basic"]])
def test_the_right_way(
    faulty: FaultyProvider, secret: str | None, methods: list[str] | None
) -> None:
    faulty.metadata = {"token_endpoint_auth_methods_supported": methods}
    assert come(faulty, provider_of(faulty, secret))["sub"] == "s-1"
    assert faulty.asked == [DISCOVERY, "/token/", KEYS]


@pytest.mark.parametrize("path", ["/", "/realms/one"])
def test_an_issuer_with_a_path(faulty: FaultyProvider, path: str) -> None:
    settings = OidcSettings(issuer=faulty.issuer + path, client_id=CLIENT, private=True)
    with pytest.raises(ProviderDown, match="as it should"):
        Provider(settings).begin(BACK)
    assert faulty.asked == [path.rstrip("/") + DISCOVERY]


# Times get names of their own: all workers must collect the same tests, in whichever second.
@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("iss", None),
        ("iss", "https://evil.example"),
        ("aud", None),
        ("aud", "somebody else"),
        ("aud", []),
        ("aud", {"tutela": 1}),
        ("azp", "other"),
        ("sub", None),
        ("sub", ""),
        ("sub", 7),
        ("sub", "x" * 256),
        ("nonce", None),
        ("nonce", "of another sign-in"),
        ("nonce", ["x"]),
        ("exp", None),
        ("exp", "later"),
        ("exp", True),
        pytest.param("exp", NOW - 300, id="exp-past"),
        ("iat", None),
        pytest.param("iat", NOW - 3600, id="iat-old"),
        pytest.param("iat", NOW + 3600, id="iat-to-come"),
        pytest.param("nbf", NOW + 3600, id="nbf-to-come"),
        ("nbf", "soon"),
    ],
)
def test_a_token_that_says_something_else(faulty: FaultyProvider, name: str, wrong: object) -> None:
    faulty.claims = {name: wrong}
    assert name in why_not(faulty)


def test_a_token_for_several_says_whom_it_is_for(faulty: FaultyProvider) -> None:
    faulty.claims = {"aud": [CLIENT, "other"]}
    assert "azp" in why_not(faulty)
    faulty.claims["azp"] = "other"
    assert "azp" in why_not(faulty)
    faulty.claims["azp"] = CLIENT
    assert come(faulty)["sub"] == "s-1"
    faulty.claims = {"aud": [CLIENT]}
    assert come(faulty)["sub"] == "s-1"


def test_clocks_may_differ_by_a_minute(faulty: FaultyProvider) -> None:
    present = int(time.time())
    faulty.claims = {"iat": present + 50, "exp": present + 55}
    come(faulty)
    faulty.claims = {"exp": present - 50}
    come(faulty)


@pytest.mark.parametrize(
    "sign",
    [
        unsigned,
        with_shared_key,
        altered,
        lambda claims: signed(claims, OTHER_KEY),
        lambda claims: signed(claims, kid="k2"),
        lambda claims: signed(claims)[:-9],
        lambda claims: signed(claims).rpartition(".")[0],
        lambda claims: signed({**claims, "pad": "x" * 70_000}),
        lambda _: "",
        lambda _: "a.b.c",
        lambda _: "é.é.é",
    ],
)
def test_a_token_that_the_provider_has_not_signed(
    faulty: FaultyProvider, sign: Callable[[Claims], str]
) -> None:
    faulty.sign = sign
    assert why_not(faulty).startswith("the token")


def test_new_keys_are_fetched_once_they_are_named(faulty: FaultyProvider) -> None:
    provider = provider_of(faulty)
    come(faulty, provider)
    fresh = ECKey.generate_key("P-256", {"kid": "k9"})
    faulty.keys = KeySet([fresh]).as_dict()
    faulty.sign = lambda claims: signed(claims, fresh, "k9")
    # They were asked for just now: whoever makes up names of keys does not make us ask each time.
    assert "a key that the provider does not have" in why_not(faulty, provider)
    assert faulty.asked.count(KEYS) == 1
    come(faulty)
    assert faulty.asked.count(KEYS) == 2


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"keys": []},
        {"keys": None},
        {"keys": [{"kty": "EC"}]},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}]},
        {"keys": [{**KEY.as_dict(private=False), "use": "enc"}]},
        {"keys": [KEY.as_dict(private=True)]},
        {"keys": [{"kty": "EC", "crv": "P-256", "x": 1, "y": [], "kid": "k1"}]},
        ["k1"],
    ],
)
def test_keys_that_are_none(faulty: FaultyProvider, keys: object) -> None:
    faulty.keys = keys
    with pytest.raises(ProviderDown):
        come(faulty)


def test_other_kinds_of_keys_beside_the_right_one_do_no_harm(faulty: FaultyProvider) -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "r1"}).as_dict(private=False)
    shared = {"kty": "oct", "k": "c2VjcmV0", "kid": "k1"}
    faulty.keys = {"keys": [shared, {"kty": "AKP", "kid": "q"}, rsa, KEY.as_dict(private=False)]}
    come(faulty)


@pytest.mark.parametrize("path", [DISCOVERY, KEYS, "/token/"])
@pytest.mark.parametrize(
    "answer",
    [
        (500, b"Traceback"),
        (503, b""),
        (302, b""),
        (204, b""),
        (200, b""),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b"[" * 100_000),
        (200, b'{"id_token": 7, "keys": 7, "issuer": 7}'),
        (200, b"x" * 300_000),
    ],
)
def test_answers_that_are_none(
    faulty: FaultyProvider, path: str, answer: tuple[int, bytes]
) -> None:
    faulty.answers[path] = answer
    with pytest.raises(ProviderDown, match="the provider does not answer as it should"):
        come(faulty)
    assert "/elsewhere" not in faulty.asked


def test_a_provider_that_hangs_is_not_waited_for(faulty: FaultyProvider) -> None:
    faulty.slow = 1.0
    started = time.monotonic()
    provider = provider_of(faulty)
    with pytest.raises(ProviderDown):
        provider.begin(BACK)
    # Nor is it asked again at once, by the next who wants to sign in.
    with pytest.raises(ProviderDown):
        provider.begin(BACK)
    assert time.monotonic() - started < 1.0
    assert faulty.asked == [DISCOVERY]


def test_what_is_known_is_used_while_the_provider_is_down(faulty: FaultyProvider) -> None:
    provider = provider_of(faulty)
    provider.begin(BACK)
    faulty.answers[DISCOVERY] = (500, b"")
    assert provider.begin(BACK).address.startswith(f"{faulty.issuer}/authorize?tenant=1&")
    provider.close()


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://a.example/\r\nSet-Cookie: a=b"},
        {"jwks_uri": "file:///etc/passwd"},
        {"end_session_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "https://a b"},
    ],
)
def test_a_discovery_document_that_leads_astray(faulty: FaultyProvider, wrong: Claims) -> None:
    faulty.metadata = wrong
    with pytest.raises(ProviderDown):
        provider_of(faulty).begin(BACK)


def test_nothing_private_is_reached_unless_it_is_allowed(faulty: FaultyProvider) -> None:
    settings = OidcSettings(issuer=faulty.issuer, client_id=CLIENT)
    with pytest.raises(ProviderDown) as refused:
        Provider(settings).begin(BACK)
    assert "private" in refused.value.why
    assert faulty.asked == []


def test_an_issuer_with_tls_names_no_address_without(faulty: FaultyProvider) -> None:
    issuer = "https://login.example"
    faulty.metadata = {"issuer": issuer}
    settings = OidcSettings(issuer=issuer, client_id=CLIENT)
    provider = Provider(settings, open_calls=lambda _: Calls(faulty.issuer, private=True))
    with pytest.raises(ProviderDown) as refused:
        provider.begin(BACK)
    assert "TLS" in refused.value.why
    provider.close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": "another"}, "state"),
        ({"state": "é"}, "state"),
        ({"state": ""}, "state"),
        ({"code": ""}, "code"),
        ({"code": "x" * 5000}, "code"),
        ({"iss": "https://evil.example"}, "iss"),
        ({"error": "access_denied", "error_description": "words"}, "refused"),
        ({"code": "never given"}, "status 400"),
    ],
)
def test_a_browser_that_brings_something_else(
    faulty: FaultyProvider, change: dict[str, str], why: str
) -> None:
    provider = provider_of(faulty)
    begun = provider.begin(BACK)
    with pytest.raises(NotProven) as refused:
        provider.finish(faulty.authorise(begun.address) | change, begun.facts)
    assert why in refused.value.why
    assert "words" not in refused.value.why
    provider.close()


def test_a_browser_that_brings_nothing(faulty: FaultyProvider) -> None:
    provider = provider_of(faulty)
    with pytest.raises(NotProven):
        provider.finish({}, provider.begin(BACK).facts)
    assert "/token/" not in faulty.asked
    provider.close()


def test_a_provider_that_promises_to_say_who_it_is_must(faulty: FaultyProvider) -> None:
    faulty.metadata = {"authorization_response_iss_parameter_supported": True}
    provider = provider_of(faulty)
    assert "iss" in why_not(faulty, provider)
    begun = provider.begin(BACK)
    brought = faulty.authorise(begun.address) | {"iss": faulty.issuer}
    assert provider.finish(brought, begun.facts)["sub"] == "s-1"
    provider.close()


def test_a_code_that_was_stolen_is_of_no_use_without_its_proof(faulty: FaultyProvider) -> None:
    provider = provider_of(faulty)
    begun, other = provider.begin(BACK), provider.begin(BACK)
    stolen = {**faulty.authorise(begun.address), "state": other.facts["state"]}
    with pytest.raises(NotProven) as refused:
        provider.finish(stolen, other.facts)
    assert "status 400" in refused.value.why
    provider.close()


def test_how_somebody_signed_in_there_can_be_demanded(faulty: FaultyProvider) -> None:
    provider = provider_of(faulty, acr="two-factors")
    assert "acr_values=two-factors" in provider.begin(BACK).address
    for wrong in ("", "password", ["two-factors"]):
        faulty.claims = {"acr": wrong}
        assert "oidc.acr" in why_not(faulty, provider)
    faulty.claims = {"acr": "two-factors"}
    come(faulty, provider)


def test_no_secret_stands_where_a_browser_goes(faulty: FaultyProvider) -> None:
    provider = provider_of(faulty)
    begun = provider.begin(BACK)
    assert begun.facts["verifier"] not in begun.address
    assert SECRET not in begun.address
    assert len(begun.facts["verifier"]) >= 43
    provider.close()


@pytest.mark.parametrize(
    "wrong",
    [
        OidcSettings(issuer="https://login.example"),
        OidcSettings(issuer="http://login.example", client_id=CLIENT),
    ],
)
def test_settings_with_which_nobody_could_be_believed(wrong: OidcSettings) -> None:
    with pytest.raises(BadConfiguration, match=r"oidc\."):
        check_settings(wrong)
