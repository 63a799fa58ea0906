"""What to do where S3 refuses: by the word that it says, as boto3 writes it or as pyarrow does."""

from __future__ import annotations

import re

_DENIED = {
    "accessdenied", "forbidden", "403", "invalidaccesskeyid", "signaturedoesnotmatch",
    "invalidsignature", "missingauthenticationtoken", "expiredtoken", "invalidtoken",
}  # fmt: skip
_ELSEWHERE = {"permanentredirect", "authorizationheadermalformed", "301", "400"}
_WORD = re.compile(r"AWS Error (?:UNKNOWN \(HTTP status )?(\w+)")
# What answers a HEAD has no body, and so no reason.
_UNSAID = re.compile(r"^(403|Forbidden)\b|No response body")


def advice(reason: str, permission: str) -> str:
    """What may mend it; the reason begins with S3's word, or names it as pyarrow does.

    `permission` is what the request needs.
    """
    named = _WORD.search(reason)
    word = named[1] if named else reason.split(" ", maxsplit=1)[0]
    code = word.replace("_", "").lower()
    if code == "requesttimetooskewed":
        return "set the clock of this machine: S3 refuses requests that are 15 minutes off"
    if code in _ELSEWHERE:
        return "the bucket may be in another region: set `s3.region`, or AWS_REGION"
    if code.startswith("kms"):
        return "check `s3.kms_key`, and that the credentials allow kms:GenerateDataKey with it"
    if "locate credentials" in reason:
        return "set the environment's, a profile's (`s3.profile`), or give this machine a role"
    if code in _DENIED:
        clock = " and the clock of this machine" if _UNSAID.search(reason) else ""
        return f"check the credentials{clock}, and that they allow {permission} there"
    return "check the endpoint, the network and the credentials, then try again"


def told_by_arrow(error: OSError, permission: str) -> str:
    """pyarrow's own words on one line, and what to do; it raises OSError for disks and for S3."""
    told = " ".join(str(error).split())
    if "AWS Error" in told:
        return f"{told}; {advice(told, permission)}"
    return f"{told}; look at the storage, then try again"
