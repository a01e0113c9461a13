"""The F1TV account, through FastF1: a token that is stored already, or one that the user's name and password give.

Nobody is asked for anything: a feed that waited for a person would wait for ever.
"""

from datetime import UTC, datetime

from racelab.live.feeds.sign_in import Access, Account, SignInFailed
from racelab.settings import Settings


def f1tv_account(settings: Settings) -> Account:
    """Access to the account that the settings name (F1_USERNAME, F1_PASSWORD), else by the token that FastF1 stored."""

    def access(renew: bool) -> Access | None:
        # FastF1 takes a second to import, and is needed only once a feed connects.
        from fastf1.internals.f1account import SubscriptionToken
        from fastf1.internals.f1account.tokens import TokenManager

        manager = TokenManager(auth_func=lambda: _signed_in(settings))
        has_login = settings.f1_username is not None and settings.f1_password is not None
        token: SubscriptionToken | None = manager.get(force_renew=renew) if has_login else manager.get_stored()
        if token is None or not isinstance(token.value, str):
            return None
        try:
            return Access(token.value, datetime.fromtimestamp(float(token.expires_at), UTC))
        except (TypeError, ValueError, OverflowError, OSError):
            return None

    return access


def _signed_in(settings: Settings) -> object:
    from fastf1.exceptions import F1AuthError
    from fastf1.internals.f1account.login import login

    name, word = settings.f1_username, settings.f1_password
    if name is None or word is None:
        raise SignInFailed("no F1TV account is set: F1_USERNAME and F1_PASSWORD")
    try:
        return login(name.get_secret_value(), word.get_secret_value())
    except F1AuthError as error:
        # What FastF1 says may quote the address that it asked, and with it more than anybody should read.
        raise SignInFailed(
            f"signing in to the F1TV account failed ({type(error.__cause__ or error).__name__}): "
            "check F1_USERNAME, F1_PASSWORD and the subscription"
        ) from None
