"""A provider of identities: oidc-provider-mock, whose tokens Authlib makes, with what the tests need to set.

Says on standard output, as a line of JSON, where it is and what its public key is (PEM); then each path that
it is asked for. It ends when its standard input does.
"""

import argparse
import json
import os
import ssl
import sys
import threading
import warnings
from datetime import timedelta

import flask
from authlib.deprecate import AuthlibDeprecationWarning

# The provider uses what Authlib will lack one day.
warnings.simplefilter("ignore", AuthlibDeprecationWarning)

from authlib.jose import RSAKey
from oidc_provider_mock import User, app
from oidc_provider_mock._app import OpenIDCode
from werkzeug.serving import WSGIRequestHandler, make_server

options = argparse.ArgumentParser()
options.add_argument("--port", type=int, default=0)
options.add_argument("--key-id", help="which tokens name, too; else they name none")
options.add_argument("--lifetime", type=int, default=3600, help="of a token, in seconds")
options.add_argument("--certificate", nargs=2, metavar=("CHAIN", "KEY"))
options.add_argument("--user", help='claims, as JSON, with "sub"')
options = options.parse_args()

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
claims = json.loads(options.user)
user = User(sub=claims.pop("sub"), claims=claims)
provider = app(access_token_max_age=timedelta(seconds=options.lifetime), user_claims=[user])
provider.debug = False
named = {"kid": options.key_id} if options.key_id else {}
key = RSAKey.generate_key(2048, named, is_private=True)
plain = OpenIDCode.get_jwt_config
OpenIDCode.get_jwt_config = lambda *arguments: plain(*arguments) | named


@provider.before_request
def with_this_key():
    flask.g.oidc_provider_mock_storage.jwk = key


class Told(WSGIRequestHandler):
    def log_request(self, code="-", size="-"):
        print(json.dumps({"path": self.path.partition("?")[0]}), flush=True)

    def log(self, type, message, *arguments):
        pass


context = None
if options.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*options.certificate)
server = make_server(
    "127.0.0.1", options.port, provider, threaded=True, request_handler=Told, ssl_context=context
)
scheme = "https" if context else "http"
url = f"{scheme}://127.0.0.1:{server.server_port}"
print(json.dumps({"url": url, "key": key.as_pem(is_private=False).decode()}), flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
