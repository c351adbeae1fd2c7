"""What signing in gives to a browser: the same for the sign-in page and the API."""

from litestar.datastructures import Cookie

from services.stock.errors import SignInRefused, TooManySignIns
from services.stock.registry import sign_in
from shared.database import Work
from shared.identity import COOKIE, SESSION_HOURS
from shared.runtime import Runtime


async def signed_in(work: Work, runtime: Runtime, name: str, password: str) -> sign_in.SignedIn:
    """A session; SignInRefused also to whom has to wait: only a name that somebody has is made to."""
    path = runtime.settings.signing_private_key_path
    assert path is not None, "stock has the signing key"
    try:
        return await sign_in.sign_in(work, name, password, path.read_text())
    except TooManySignIns as wait:
        raise SignInRefused from wait


def session_cookie(runtime: Runtime, token: str) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=token,
        httponly=True,
        samesite="strict",
        secure=runtime.settings.secure_cookies,
        max_age=SESSION_HOURS * 3600 if token else 0,
    )
