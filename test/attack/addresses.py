"""Each request comes from an address of its own, so that nobody is slowed down for another's failures."""

import random

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    address = f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}"
    case.headers = {**(case.headers or {}), "X-Forwarded-For": address}
