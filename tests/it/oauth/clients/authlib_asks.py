"""Authlib asks and revokes by Basic, and guards a resource by what it is told. Questions come as JSON on stdin."""

import json
import sys

from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc6750 import InsufficientScopeError, InvalidTokenError
from authlib.oauth2.rfc7662 import IntrospectTokenValidator

asked = json.load(sys.stdin)
base = asked["base"]


def session(secret):
    made = OAuth2Session(asked["id"], secret, token_endpoint_auth_method="client_secret_basic")
    made.trust_env = False
    return made


gateway = session(asked["secret"])


def introspect(token, **more):
    answer = gateway.introspect_token(f"{base}/v1/introspect", token=token, token_type_hint="access_token", **more)
    answer.raise_for_status()
    return answer.json()


class Guard(IntrospectTokenValidator):
    def introspect_token(self, token_string):
        return introspect(token_string)

    def judge(self, token, scope):
        try:
            self.validate_token(self.authenticate_token(token), [scope], None)
            return "yes"
        except InsufficientScopeError:
            return "insufficient_scope"
        except InvalidTokenError:
            return "invalid_token"


def revoke(by, token):
    answer = by.revoke_token(f"{base}/v1/revoke", token=token, token_type_hint="access_token")
    return [answer.status_code, answer.json()["error"] if answer.text else None]


key, other = asked["key"], asked["other"]
stranger = session(other).introspect_token(f"{base}/v1/introspect", token=key)
told = {
    "active": introspect(key)["active"],
    "scope": introspect(key)["scope"],
    "may": introspect(key, body="capability=send&mesh=main&topic=deploys")["active"],
    "may_not": introspect(key, body="capability=read&mesh=main&topic=deploys")["active"],
    "nothing": introspect("nothing"),
    "send": Guard().judge(key, "send"),
    "read": Guard().judge(key, "read"),
    "wrong_pair": [stranger.status_code, stranger.json()["error"], stranger.headers["WWW-Authenticate"]],
    "not_ours": revoke(gateway, key),
    "revoked": revoke(OAuth2Session(asked["key_id"], key, token_endpoint_auth_method="client_secret_basic"), key),
    "again": revoke(gateway, key),
    "dead": introspect(key),
    "refused": Guard().judge(key, "send"),
}
json.dump(told, sys.stdout)
