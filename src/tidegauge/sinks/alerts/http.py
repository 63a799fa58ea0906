"""One JSON document by HTTP POST, without a word of the URL or of headers in any error."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tidegauge.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATIENCE_SECONDS = 10.0


class _NoRedirect(HTTPRedirectHandler):
    """Headers may hold a secret, which is for the one host that was named."""

    def redirect_request(self, *_: object) -> None:
        return None


def post(what: str, url: str, document: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """Post the document; `what` names the receiver in messages.

    Raises:
        UsageError: the URL is none of HTTP.
        StorageError: the receiver cannot be reached, or does not answer with 2xx.
    """
    if not url.startswith(("https://", "http://")):
        raise UsageError(f"{what}: expected a URL of http or https; correct the secret that has it")
    data = json.dumps(document).encode()
    try:
        request = Request(url, data, {"Content-Type": "application/json", **headers})  # noqa: S310
        with build_opener(_NoRedirect).open(request, timeout=_PATIENCE_SECONDS):
            return
    except HTTPError as error:
        told = f"it answered {error.code} {HTTPStatus(error.code).phrase}"
        error.close()
    except URLError as error:
        told = f"it cannot be reached ({type(error.reason).__name__})"
    except (OSError, ValueError, HTTPException) as error:
        told = f"it cannot be reached ({type(error).__name__})"
    raise StorageError(f"{what}: {told}; check the URL and the network, then try again") from None
