"""The emulator of a region, for those who know this run's secret and for nobody else.

`python -I emulator.py`, with the emulator's own environment. Its port runs code for whoever it answers, and any page in a
browser and any user of the machine can reach it: so what does not prove that it knows AWS_SECRET_ACCESS_KEY is answered 403
before the emulator sees it. docs/decisions/0023-who-does-not-know-the-runs-secret-gets-403.md
"""

import hashlib
import hmac
import os
import re
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs

from ministack import app as emulator
from ministack.core import sigv4

HOST = f"127.0.0.1:{os.environ['GATEWAY_PORT']}"
SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]
# For what is not signed: calls of the front door, and looks at whether the emulator answers.
SECRET_HEADER = "tandem-local-secret"
# Where CloudFormation hears from custom resources, whose functions sign nothing: each address is random and counts once.
RESPONSE_PATH = "/_ministack/cfn-response/"
# As AWS has it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
SKEW_MAX = timedelta(minutes=15)
# Of a presigned URL: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
EXPIRES_SECONDS_MAX = 604_800
# Instead of a body's digest: the body may be any. S3 alone takes such signatures.
ANY_BODY = "UNSIGNED-PAYLOAD"
NO_BODY = hashlib.sha256().hexdigest()
MESSAGE = b'{"message":"this port belongs to the local system that opened it: docs/local-differences.md says who gets in"}'


def headers_of(scope):
    """By name, and the names that are given twice."""
    headers = {}
    twice = set()
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        given = sigv4.decode_header_value(value)
        if key in headers:
            twice.add(key)
        headers[key] = f"{headers[key]}, {given}" if key in headers else given
    return headers, twice


def known(module, name):
    """What the emulator remembers there; nothing before it uses the module, which takes its time to load."""
    return getattr(sys.modules.get(f"ministack.services.{module}"), name, {})


def is_secret(given):
    return hmac.compare_digest(given.encode(), SECRET.encode())


def lifetime(query):
    (given,) = query["X-Amz-Expires"]
    if re.fullmatch("[1-9][0-9]{0,5}", given) is None or int(given) > EXPIRES_SECONDS_MAX:
        raise ValueError("a lifetime that is none")
    return timedelta(seconds=int(given))


def signed_body(scope, headers):
    """The digest of the body that was signed, where the signature is right and of now, of whatever key id: the id is no secret,
    and says which account asks. None where it is not."""
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    presigned = "authorization" not in headers
    parts = sigv4.parse_query_signature(query) if presigned else sigv4.parse_header_signature(headers)
    if isinstance(parts, tuple) or parts.region_set is not None:
        return None
    # Every SDK sends one in its headers.
    body = headers.get("x-amz-content-sha256", NO_BODY if presigned else "")
    if parts.service == "s3" and (presigned or body.startswith((ANY_BODY, "STREAMING-"))):
        body = ANY_BODY
    elif re.fullmatch("[0-9a-f]{64}", body) is None:
        return None
    # What is not signed could be put to what is: another operation, for one.
    signed = parts.signed_headers.split(";")
    if "host" not in signed or any(name.startswith("x-amz-") and name not in signed for name in headers):
        return None
    signed_at = datetime.strptime(parts.amz_date, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    age = datetime.now(timezone.utc) - signed_at
    if age > (lifetime(query) if presigned else SKEW_MAX) or age < -SKEW_MAX or parts.date_stamp != parts.amz_date[:8]:
        return None
    _, text = sigv4.header_signing_documents(
        parts, scope["method"], scope["raw_path"].decode("latin-1"), query, headers, b"", presigned=presigned
    )
    # Whoever signs for a role, as the CDK does, has a secret that the emulator gave to one who had got in.
    secret = known("sts", "_sessions").get(parts.access_key_id, {}).get("SecretAccessKey", SECRET)
    expected = sigv4.calculate_signature(secret, parts.date_stamp, parts.region, parts.service, text)
    return body if hmac.compare_digest(expected.encode(), parts.signature.encode()) else None


def admitted_body(scope):
    """The digest of the body that may pass, or ANY_BODY; None for a stranger."""
    headers, twice = headers_of(scope)
    # A name that was bound to this address anew is a stranger's.
    if headers.get("host") != HOST or SECRET_HEADER in twice:
        return None
    # What the front door passes on may be given twice: the API has a word to say about that.
    if SECRET_HEADER in headers:
        return ANY_BODY if is_secret(headers[SECRET_HEADER]) else None
    # Browsers say these, and only they do.
    if scope["type"] != "http" or scope["method"] == "OPTIONS" or "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
        return None
    if scope["method"] == "PUT" and scope["path"].startswith(RESPONSE_PATH):
        waits = scope["path"][len(RESPONSE_PATH) :] in known("cloudformation.custom_resource", "_pending")
        return ANY_BODY if waits else None
    return None if twice & {"authorization", "x-amz-date", "x-amz-content-sha256"} else signed_body(scope, headers)


async def whole(receive, digest):
    """The body, to be received once more; None when it is another than the one that was signed."""
    messages = []
    seen = hashlib.sha256()
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())
        seen.update(messages[-1].get("body", b""))
    if not hmac.compare_digest(seen.hexdigest().encode(), digest.encode()):
        return None
    rest = iter(messages)

    async def again():
        return next(rest, None) or await receive()

    return again


async def refuse(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(MESSAGE)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": MESSAGE})


async def guarded(scope, receive, send, app=emulator.app):
    if scope["type"] == "lifespan":
        return await app(scope, receive, send)
    try:
        digest = admitted_body(scope)
    except Exception:
        # What cannot even be read proves nothing.
        digest = None
    # Nothing is read for a stranger.
    body = receive if digest == ANY_BODY else None if digest is None else await whole(receive, digest)
    if body is None:
        return await refuse(scope, receive, send)

    async def closed_to_pages(message):
        # The emulator lets every page read; what an API says of its own callers stays.
        if message["type"] == "http.response.start" and not scope["path"].startswith("/restapis/"):
            message = {**message, "headers": [each for each in message["headers"] if not each[0].lower().startswith(b"access-control-")]}
        await send(message)

    # Functions are shown the headers of their callers, and none of ours.
    inner = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name.lower() != SECRET_HEADER.encode()]}
    await app(inner, body, closed_to_pages)


if __name__ == "__main__":
    emulator.app = guarded
    sys.argv = ["ministack"]
    emulator.main()
