"""Two OAuth clients that others wrote, against the built binary: oauth.py BINARY RMCP-CLIENT NODE CONFORMANCE

The Python client registers itself; the rmcp client is known by a document, which this script serves over https
under an authority of its own that the server is told to trust. Both find everything from the 401 of /mcp, prove
themselves by PKCE, and end on the consent page, whose forms this script posts as a browser would. Both call
get_metrics, refresh, and call again. A second use of a refresh token then ends the grant. The conformance suite's
scenarios for authorization servers come last.
"""

import asyncio
import html.parser
import http.cookiejar
import http.server
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import httpx2
from mcp import Client
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

BINARY, RMCP, NODE, CONFORMANCE = sys.argv[1:]
EMAIL, PASSWORD = "ada@example.com", "correct horse battery staple"
CALLBACK = "http://127.0.0.1:33418/callback"
QUESTION = {"metric_names": ["net_sales"], "time_range": "last_7_days", "as_of": os.environ["NOW"]}


class Forms(html.parser.HTMLParser):
    """The forms of a page: where each goes, and what it would send."""

    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append((attributes["action"], {}))
        elif tag == "input" and self.forms and "disabled" not in attributes:
            if attributes.get("type") not in ("radio", "checkbox") or "checked" in attributes:
                self.forms[-1][1][attributes["name"]] = attributes.get("value", "")


class Browser:
    """Cookies, forms, and redirects that are followed as long as they stay at the server."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()

    def open(self, url, form=None):
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None

        opener = urllib.request.build_opener(Stay, urllib.request.HTTPCookieProcessor(self.jar))
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, body)
        if body is not None:
            request.add_header("Origin", "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url)))
        try:
            with opener.open(request) as response:
                return url, response.read().decode()
        except urllib.error.HTTPError as answer:
            if answer.code not in (302, 303, 307):
                raise AssertionError(f"{url}: {answer.code}: {answer.read().decode()}") from answer
            to = urllib.parse.urljoin(url, answer.headers["Location"])
            if urllib.parse.urlsplit(to).netloc != urllib.parse.urlsplit(url).netloc:
                return to, None
            return self.open(to)

    def let_in(self, url, callback=CALLBACK):
        """From an authorization URL to the address that the browser is sent back to."""
        at, page = self.open(url)
        if "/sign-in" in at:
            action, form = Forms(page).forms[-1]
            at, page = self.open(urllib.parse.urljoin(at, action), form | {"email": EMAIL, "password": PASSWORD})
        assert "Unverified" in page and EMAIL in page, page
        action, form = Forms(page).forms[-1]
        assert form["organization"] == "default", form
        back, page = self.open(urllib.parse.urljoin(at, action), form | {"decision": "allow"})
        assert page is None and back.startswith(callback + "?"), (back, page)
        return back


class Memory:
    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


async def python_client(url):
    browser, memory, back = Browser(), Memory(), {}

    async def redirect(address):
        assert "code_challenge_method=S256" in address, address
        back["to"] = await asyncio.to_thread(browser.let_in, address)

    async def callback():
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back["to"]).query))
        return AuthorizationCodeResult(code=query["code"], state=query["state"], iss=query["iss"])

    metadata = OAuthClientMetadata(redirect_uris=[CALLBACK], client_name="The Python client")
    provider = OAuthClientProvider(f"{url}/mcp", metadata, memory, redirect, callback)

    async def ask():
        async with httpx2.AsyncClient(auth=provider, timeout=60) as carrier:
            async with Client(streamable_http_client(f"{url}/mcp", http_client=carrier)) as client:
                result = await client.call_tool("get_metrics", QUESTION)
                assert not result.is_error, result
                return result.structured_content

    first = await ask()
    before = memory.tokens
    assert before.access_token.startswith("sextant_usr_") and before.refresh_token, "no token of a user"
    provider.context.token_expiry_time = time.time() - 1
    assert await ask() == first
    after = memory.tokens
    assert (after.access_token, after.refresh_token) != (before.access_token, before.refresh_token), "not rotated"
    assert status(url, after.access_token) == 200 and status(url, before.access_token[:-1] + "x") == 401
    replay = {"grant_type": "refresh_token", "client_id": memory.client.client_id, "refresh_token": before.refresh_token}
    assert token_error(url, replay) == "invalid_grant"
    assert status(url, after.access_token) == 401, "a second use of a refresh token ends the grant"
    print("the Python client: registered, let in, called, refreshed; a replay ended the grant")
    return first


def status(url, token):
    body = json.dumps(QUESTION).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/mcp/tool/get_metrics", body, headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as answer:
        return answer.code


def token_error(url, form):
    try:
        urllib.request.urlopen(f"{url}/oauth/token", urllib.parse.urlencode(form).encode())
    except urllib.error.HTTPError as answer:
        return json.loads(answer.read())["error"]
    raise AssertionError("tokens were given")


def rmcp_client(url, document, authority, expected):
    """The example of the tests: it prints the address to open and reads the one that came back."""
    environment = os.environ | {"SSL_CERT_FILE": str(authority)}
    client = subprocess.Popen(
        [RMCP, f"{url}/mcp", document, CALLBACK, json.dumps(QUESTION)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )
    address = client.stdout.readline().strip()
    assert urllib.parse.quote(document, safe="") in address, address
    client.stdin.write(Browser().let_in(address) + "\n")
    client.stdin.flush()
    answers = [json.loads(line) for line in client.stdout]
    assert client.wait() == 0 and answers == [expected, expected], answers
    print("the rmcp client: known by its document, let in, called, refreshed, called")


def conformance(url):
    """Every scenario of the suite for an authorization server; none may fail or be left out."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    callback = f"http://127.0.0.1:{port}/callback"
    body = json.dumps({"client_name": "The conformance suite", "redirect_uris": [callback]}).encode()
    request = urllib.request.Request(f"{url}/oauth/register", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        client = json.loads(answer.read())["client_id"]
    suite = subprocess.Popen(
        [NODE, CONFORMANCE, "authorization", "--url", url, "--client-id", client, "--resource", f"{url}/mcp",
         "--port", str(port)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, address = [], None
    for line in suite.stdout:
        said.append(line)
        if line.startswith(f"{url}/oauth/authorize?"):
            address = line.strip()
        if address and "Callback server started" in line:
            with urllib.request.urlopen(Browser().let_in(address, callback)):
                address = None
    text = "".join(said)
    assert suite.wait() == 0, text
    passed = re.findall(r"^✓ ([^:]*): (\d+) passed, 0 failed", text, re.M)
    assert [name for name, _ in passed] == ["authorization-server-metadata-endpoint", "authorization-code-grant"], text
    print("the conformance suite:", ", ".join(f"{name} {count} passed" for name, count in passed))


def serve_document(folder):
    """An https host with the document of a client, and the authority that vouches for it."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=An authority for tests",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", "host.key", "-out", "host.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "host.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "host.pem")
    served = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(served).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "host.pem", folder / "host.key")
    host.socket = context.wrap_socket(host.socket, server_side=True)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    document = f"https://localhost:{host.server_port}/client.json"
    served |= {"client_id": document, "client_name": "The rmcp client", "redirect_uris": [CALLBACK],
               "token_endpoint_auth_method": "none"}
    return document, folder / "ca.pem"


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        document, authority = serve_document(folder)
        environment = os.environ | {"SEXTANT_STATE": str(folder / "state.db"), "SSL_CERT_FILE": str(authority)}
        sextant = lambda *arguments, text="": subprocess.run(
            [BINARY, *arguments], env=environment, input=text, text=True, check=True, capture_output=True)
        sextant("user", "create", EMAIL, "--scopes", "metrics:read,feedback:write")
        sextant("user", "password", EMAIL, text=PASSWORD + "\n")
        log = (folder / "log").open("w+")
        server = subprocess.Popen(
            [BINARY, "serve", "--http", "127.0.0.1:0", "--oauth-client-host", "localhost"], env=environment, stderr=log)
        try:
            url = None
            for _ in range(200):
                found = re.search(r"listening on (http[^ ]*)", (folder / "log").read_text())
                if found:
                    url = found[1]
                    break
                assert server.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
            answer = asyncio.run(python_client(url))
            rmcp_client(url, document, authority, answer)
            conformance(url)
        finally:
            server.terminate()
            server.wait()
        said = (folder / "log").read_text()
        assert "sextant_usr_" not in said and PASSWORD not in said, said


main()
