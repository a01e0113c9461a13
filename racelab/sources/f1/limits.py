"""Limits on FastF1's requests: time, host, tries and sign-in, none of which it bounds itself."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
from fastf1.exceptions import F1AuthError
from fastf1.internals.f1account.login import login
from fastf1.internals.f1account.tokens import SubscriptionToken, TokenManager
from fastf1.internals.f1account.transport import LIVETIMING_URL, LivetimingAuthAdapter
from requests.adapters import HTTPAdapter

from racelab.settings import Settings
from racelab.sources.f1.answers import read_whole

_TOO_MANY, _BROKEN = 429, 500


class Elsewhere(requests.ConnectionError):
    """A request to another host than the one that is allowed; no try makes it better."""


@dataclass(slots=True)
class Answers:
    """What came of the requests: faults by the path that they concern, and the addresses that are not there (404).

    A fault is forgotten when the same path comes well, from the cache or from a source's second host.
    """

    faults: dict[str, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)

    @property
    def troubles(self) -> list[str]:
        """The faults in words, each once."""
        return list(dict.fromkeys(self.faults.values()))

    def note(self, url: str, status: int) -> None:
        """Take an answer's status."""
        path = urlsplit(url).path
        if status >= _BROKEN or status == _TOO_MANY:
            self.faults[path] = f"{_host(url)} answers with error {status}"
            return
        if status == 404:
            self.absent.append(url)
        for other in [other for other in self.faults if other.endswith(path) or path.endswith(other)]:
            del self.faults[other]

    def fail(self, url: str, error: requests.RequestException) -> None:
        """Take a request that got no answer, or none that can be used."""
        if isinstance(error, Elsewhere):
            fault = f"the source sends to {_host(url)}, which is not the mirror"
        elif isinstance(error, requests.ConnectionError | requests.Timeout):
            fault = f"{_host(url)} does not answer"
        elif isinstance(error, requests.TooManyRedirects):
            fault = f"{_host(url)} sends round in circles"
        else:
            fault = f"{_host(url)} gives a cut or damaged answer for {urlsplit(url).path.rsplit('/', 1)[-1]} ({error})"
        self.faults[urlsplit(url).path] = fault


class BoundedAdapter(HTTPAdapter):
    """Sends with limits, to one address only if told so, and never again to a host that did not answer.

    An answer that is cut, damaged or an error of the server is asked for again.
    """

    def __init__(self, settings: Settings, only: str | None = None) -> None:
        super().__init__()
        self._settings = settings
        self._only = only
        self._silent: set[str] = set()
        self._ill = False

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send; raises a requests.RequestException where that is not allowed or no whole answer comes."""
        url = request.url or ""
        if self._only is not None and not f"{url}/".startswith(f"{self._only}/"):
            raise Elsewhere(f"{_host(url)} is not the mirror", request=request)
        if _host(url) in self._silent:
            raise requests.ConnectionError(f"{_host(url)} did not answer", request=request)
        kwargs["timeout"] = (self._settings.f1_connect_s, self._settings.f1_read_s)
        try:
            return self._tried(request, *args, **kwargs)
        except (requests.ConnectionError, requests.Timeout):
            self._silent.add(_host(url))
            raise

    def _tried(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        # A source that stays ill is asked for the rest once only: to wait for each of thirty parts would take a minute.
        for left in reversed(range(1 if self._ill else self._settings.f1_tries)):
            try:
                response = read_whole(self._transmit(request, *args, **kwargs), self._settings.f1_answer_s)
            except requests.Timeout:  # It has been waited for long enough.
                raise
            except requests.RequestException:
                if not left:
                    self._ill = True
                    raise
            else:
                good = response.status_code < _BROKEN and response.status_code != _TOO_MANY
                self._ill = self._ill or (not good and not left)
                if good or not left:
                    return response
            time.sleep(self._settings.f1_pause_s)
        raise requests.ConnectionError("nothing was tried", request=request)

    def _transmit(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        return super().send(request, *args, **{**kwargs, "stream": True})


class SigningAdapter(BoundedAdapter):
    """For the live-timing archive itself: FastF1's adapter adds the account's token where there is one."""

    def __init__(self, settings: Settings, tokens: TokenManager) -> None:
        super().__init__(settings)
        self._signed = LivetimingAuthAdapter(tokens)

    def _transmit(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        response: requests.Response = self._signed.send(request, *args, **{**kwargs, "stream": True})
        return response

    def close(self) -> None:
        """Close the connections."""
        self._signed.close()
        super().close()


def bound_sessions(
    sessions: Iterable[requests.Session], settings: Settings, mirror: str | None, answers: Answers
) -> None:
    """Mount the limits on FastF1's sessions and take note of every answer that they hand to it."""
    adapter = BoundedAdapter(settings, mirror)
    signing = None if mirror else SigningAdapter(settings, TokenManager(auth_func=partial(_sign_in, settings)))
    for session in sessions:
        session.adapters.clear()
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        if signing is not None:
            session.mount(LIVETIMING_URL, signing)
        session.send = partial(_noted, session.send, answers)  # type: ignore[method-assign]


def _noted(send: Any, answers: Answers, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
    """Send as the session does: a stale answer of its cache counts as one, where the source gives none."""
    try:
        response: requests.Response = send(request, **kwargs)
    except requests.RequestException as error:
        asked = error.request.url if error.request is not None else None
        answers.fail(str(asked or request.url), error)
        raise
    answers.note(request.url or "", response.status_code)
    return response


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2] or url


def _sign_in(settings: Settings) -> SubscriptionToken:
    # FastF1 would ask for the password at the terminal; a run that nobody watches would wait for ever.
    if settings.f1_username is None or settings.f1_password is None:
        raise F1AuthError("no account is set: F1_USERNAME and F1_PASSWORD")
    return login(settings.f1_username.get_secret_value(), settings.f1_password.get_secret_value())
