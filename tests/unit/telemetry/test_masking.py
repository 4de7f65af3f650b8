import pytest

from shop.telemetry.masking import masked

TOKEN = b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIwMTk5In0.c2lnbmF0dXJl_-x"


@pytest.mark.parametrize(
    "private",
    [b"hanako@example.jp", b"h.a+n-a_k%o@mail.example.co.jp", b"hanako%40example.jp", "花子@例え.jp".encode(), TOKEN],
)
def test_a_mail_address_or_token_does_not_leave(private):
    given = b'{"url.path":"/users/' + private + b'/profile","n":1}'
    assert masked(given) == b'{"url.path":"/users/***/profile","n":1}'


@pytest.mark.parametrize(
    "plain",
    [
        b'{"db.query.text":"select * from t where path @> $1"}',
        b'{"user_agent.original":"Mozilla/5.0 (X11; rv:1@2) 50%40"}',
        b'{"reason":"$.data.email is missing"}',
        b'{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}',
    ],
)
def test_all_else_stays_as_it_is(plain):
    assert masked(plain) == plain
