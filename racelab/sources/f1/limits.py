"""Limits on FastF1's requests: time, host and sign-in, none of which it bounds itself."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import requests
from fastf1.exceptions import F1AuthError
from fastf1.internals.f1account.login import login
from fastf1.internals.f1account.tokens import SubscriptionToken, TokenManager
from fastf1.internals.f1account.transport import LIVETIMING_URL, LivetimingAuthAdapter
from requests.adapters import HTTPAdapter

from racelab.settings import Settings

CONNECT_S, READ_S = 5.0, 20.0


class BoundedAdapter(HTTPAdapter):
    """Sends with a time limit, to one address only if told so, and never again to a host that did not answer."""

    def __init__(self, troubles: list[str], absent: list[str], only: str | None = None) -> None:
        super().__init__()
        self._troubles = troubles
        self._absent = absent
        self._only = only
        self._silent: set[str] = set()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send; raises requests.ConnectionError where that is not allowed or there is no answer."""
        url = request.url or ""
        host = url.split("/")[2] if url.count("/") >= 2 else url
        if self._only is not None and not f"{url}/".startswith(f"{self._only}/"):
            raise requests.ConnectionError(f"{host} is not the mirror", request=request)
        if host in self._silent:
            raise requests.ConnectionError(f"{host} did not answer", request=request)
        kwargs["timeout"] = kwargs.get("timeout") or (CONNECT_S, READ_S)
        try:
            response = self._transmit(request, *args, **kwargs)
        except (requests.ConnectionError, requests.Timeout):
            self._silent.add(host)
            self._troubles.append(f"{host} does not answer")
            raise
        if response.status_code == 404:
            self._absent.append(url)
        if response.status_code >= 500:
            self._troubles.append(f"{host} answers with error {response.status_code}")
        return response

    def _transmit(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(request, *args, **kwargs)


class SigningAdapter(BoundedAdapter):
    """For the live-timing archive itself: FastF1's adapter adds the account's token where there is one."""

    def __init__(self, troubles: list[str], absent: list[str], tokens: TokenManager) -> None:
        super().__init__(troubles, absent)
        self._signed = LivetimingAuthAdapter(tokens)

    def _transmit(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response: requests.Response = self._signed.send(request, *args, **kwargs)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._signed.close()
        super().close()


def bound_sessions(
    sessions: Iterable[requests.Session], settings: Settings, mirror: str | None, troubles: list[str], absent: list[str]
) -> None:
    """Mount the limits on FastF1's sessions; what fails is added to the troubles, what is not there to the absent."""
    adapter = BoundedAdapter(troubles, absent, mirror)
    signing = None if mirror else SigningAdapter(troubles, absent, TokenManager(auth_func=partial(_sign_in, settings)))
    for session in sessions:
        session.adapters.clear()
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        if signing is not None:
            session.mount(LIVETIMING_URL, signing)


def _sign_in(settings: Settings) -> SubscriptionToken:
    # FastF1 would ask for the password at the terminal; a run that nobody watches would wait for ever.
    if settings.f1_username is None or settings.f1_password is None:
        raise F1AuthError("no account is set: F1_USERNAME and F1_PASSWORD")
    return login(settings.f1_username.get_secret_value(), settings.f1_password.get_secret_value())
