"""Signing in at an OpenID provider that others wrote: oidc.py BINARY PLAIN-BINARY NODE PROVIDER

A browser of forms, links and cookies signs in at the provider for the Developers page and for an application, which
then gets a token and calls get_metrics. After that come the sign-ins that must end on a page that says no: answers that
are forged, replayed or somebody else's, identity tokens that do not hold, people who are no users here, and a provider
that is down. The audit log has every one of them, and no log has a secret.
"""

import base64
import hashlib
import html
import html.parser
import http.cookiejar
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

BINARY, PLAIN, NODE, PROVIDER = sys.argv[1:]
SECRET = "a secret that the provider and the server share"
QUESTION = {"metric_names": ["net_sales"], "time_range": "last_7_days", "as_of": "2026-11-20T09:00:00-05:00"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class Page(html.parser.HTMLParser):
    """What a browser without scripts can do on a page: its forms with what they would send, and its links."""

    def __init__(self, status, url, text):
        super().__init__()
        self.status, self.url, self.text = status, url, text
        self.forms, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append((attributes["action"], {}))
        elif tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "input" and self.forms and attributes.get("name") and "disabled" not in attributes:
            if attributes.get("type") not in ("radio", "checkbox") or "checked" in attributes:
                self.forms[-1][1][attributes["name"]] = attributes.get("value") or ""

    def link(self, part):
        found = [link for link in self.links if part in link]
        assert found, f"no link to {part}: {self.text}"
        return urllib.parse.urljoin(self.url, found[0])


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Cookies and redirects, followed until one leads to `stop`, whose address is then the page's."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()

    def open(self, url, form=None, stop=None):
        for _ in range(20):
            if stop and url.startswith(stop):
                return Page(0, url, "")
            opener = urllib.request.build_opener(Stay, urllib.request.HTTPCookieProcessor(self.jar))
            request = urllib.request.Request(url, urllib.parse.urlencode(form).encode() if form is not None else None)
            if form is not None:
                request.add_header("Origin", "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url)))
            try:
                with opener.open(request) as response:
                    return Page(response.status, url, response.read().decode())
            except urllib.error.HTTPError as answer:
                if answer.code not in (302, 303, 307):
                    return Page(answer.code, url, answer.read().decode())
                url, form = urllib.parse.urljoin(url, answer.headers["Location"]), None
        raise AssertionError(f"redirects have no end: {url}")

    def submit(self, page, more, stop=None):
        action, form = page.forms[-1]
        return self.open(urllib.parse.urljoin(page.url, action), form | more, stop)

    def at_provider(self, site, begin="/settings/developers", name="Acme"):
        """From a page of ours to the provider's, by the link on the sign-in page."""
        page = self.open(site.url + begin if begin.startswith("/") else begin)
        assert "/sign-in" in page.url and f"Continue with {name}" in page.text, page.text
        assert "<script" not in page.text
        return self.open(page.link("/oauth/oidc?"))

    def comes_back(self, site, who, begin="/settings/developers", name="Acme"):
        """Signs in at the provider; the address that it sends the browser back to, not opened yet."""
        page = self.at_provider(site, begin, name)
        assert page.url.startswith(site.issuer), (page.status, page.url, page.text)
        callback = site.url + "/oauth/oidc/callback"
        page = self.submit(page, {"login": who, "password": "any"}, callback)
        if page.status:
            page = self.submit(page, {}, callback)
        assert page.url.startswith(callback + "?"), (page.url, page.text)
        return page.url

    def signs_in(self, site, who, begin="/settings/developers", name="Acme", stop=None):
        return self.open(self.comes_back(site, who, begin, name), stop=stop)

    def is_inside(self, site):
        return "/sign-in" not in self.open(site.url + "/settings/developers").url


class Site:
    """A server of ours that knows a provider."""

    def __init__(self, folder, environment, port, issuer, client, secret=None):
        self.url, self.issuer, self.log = f"http://127.0.0.1:{port}", issuer, folder / f"log-{client}"
        if secret:
            environment = environment | {"SEXTANT_OIDC_CLIENT_SECRET": secret}
        self.server = subprocess.Popen(
            [BINARY, "serve", "--http", f"127.0.0.1:{port}", "--oidc-issuer", issuer, "--oidc-client-id", client,
             "--oidc-name", "Acme <SSO>"], env=environment, stderr=self.log.open("w"))
        for _ in range(200):
            if "listening on" in self.log.read_text():
                return
            assert self.server.poll() is None, self.log.read_text()
            time.sleep(0.05)
        raise AssertionError("the server did not start")


def call(url, token):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    with urllib.request.urlopen(urllib.request.Request(
            f"{url}/mcp/tool/get_metrics", json.dumps(QUESTION).encode(), headers)) as answer:
        return json.loads(answer.read())


def refused(page, *words):
    """A page of ours that says no, in our words, and lets nobody in."""
    assert page.status in (403, 502) and "Not " in page.text, (page.status, page.url, page.text)
    said = html.unescape(page.text)
    assert all(word in said for word in words), (words, page.text)
    assert "<script" not in page.text and "panicked" not in page.text, page.text


def for_an_application(site, browser):
    """Registers, is let in on the consent page after the sign-in at the provider, gets a token, and calls."""
    back = "http://127.0.0.1:33418/callback"
    body = json.dumps({"client_name": "An application", "redirect_uris": [back]}).encode()
    request = urllib.request.Request(f"{site.url}/oauth/register", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        client = json.loads(answer.read())["client_id"]
    verifier = "v" * 64
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"response_type": "code", "client_id": client, "redirect_uri": back, "state": "a state & more",
             "code_challenge": challenge, "code_challenge_method": "S256", "scope": "metrics:read"}
    page = browser.signs_in(site, "ada", "/oauth/authorize?" + urllib.parse.urlencode(asked))
    assert "Unverified" in page.text and "ada@example.com" in page.text, page.text
    page = browser.submit(page, {"decision": "allow"}, back)
    sent = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))
    assert sent["state"] == "a state & more" and sent["iss"] == site.url, sent
    form = {"grant_type": "authorization_code", "client_id": client, "code": sent["code"], "code_verifier": verifier,
            "redirect_uri": back}
    with urllib.request.urlopen(f"{site.url}/oauth/token", urllib.parse.urlencode(form).encode()) as answer:
        token = json.loads(answer.read())["access_token"]
    assert call(site.url, token)["metrics"], "an answer"
    return token


def forged_answers(site):
    """What comes back to the server but does not end the sign-in that this browser began."""
    browser = Browser()
    back = browser.comes_back(site, "ada")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(back).query))
    callback = site.url + "/oauth/oidc/callback?"
    changed = lambda **more: callback + urllib.parse.urlencode(query | more)
    without = lambda name: callback + urllib.parse.urlencode({k: v for k, v in query.items() if k != name})
    began = "began in this browser"
    refused(browser.open(changed(state="A" * 43)), began)
    refused(browser.open(changed(state="")), began)
    refused(browser.open(without("state")), began)
    refused(browser.open(back + "&state=" + query["state"]), began)
    refused(Browser().open(back), began)
    other = Browser()
    other.at_provider(site)
    refused(other.open(back), began)
    assert not other.is_inside(site) and not browser.is_inside(site)
    page = browser.open(back)
    assert browser.is_inside(site), f"what was forged ends no sign-in of others: {page.text}"
    refused(browser.open(back), began)
    for name, wrong in [("a code twice", changed()), ("a code of nobody", changed(code="x" * 40))]:
        late = Browser()
        state = late.comes_back(site, "ada")
        fresh = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(state).query))["state"]
        refused(late.open(wrong.replace(query["state"], fresh)), "did not sign you in")
        assert not late.is_inside(site), name
    late = Browser()
    fresh = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(late.comes_back(site, "ada")).query))
    refused(late.open(callback + urllib.parse.urlencode(fresh | {"iss": "https://somebody.else.test"})), "not in order")
    for error, words in [("access_denied", "cancelled"), ("<script>alert(1)</script>", "did not sign you in")]:
        page = Browser()
        fresh = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.comes_back(site, "ada")).query))
        told = {"error": error, "error_description": "<script>free text</script>", "state": fresh["state"]}
        page = page.open(callback + urllib.parse.urlencode(told))
        refused(page, words)
        assert "free text" not in page.text and "alert(1)" not in page.text


def cancelled(site):
    browser = Browser()
    page = browser.at_provider(site)
    refused(browser.open(page.link("/abort")), "cancelled")
    assert not browser.is_inside(site)


def mode(site, name):
    with urllib.request.urlopen(f"{site.issuer}/control?mode={name}") as answer:
        assert answer.read().decode() == name


def hostile_tokens(site):
    """Identity tokens of a provider that is broken, hostile, or not the one."""
    signature = "its signature does not hold"
    for name, reason in [
        ("nonce", "it is not for this sign-in"), ("no-nonce", "it is not for this sign-in"),
        ("audience", "it was made for another client"), ("audiences", "it was made for another client"),
        ("party", "its identity token was made for another client"), ("issuer", "it names another issuer"),
        ("expired", "it has expired"), ("stranger", signature), ("none", signature), ("hmac", signature),
        ("changed", signature), ("no-token", "it gave no identity token"),
    ]:
        mode(site, name)
        before = len(site.log.read_text())
        browser = Browser()
        try:
            refused(browser.signs_in(site, "bob" if name == "changed" else "ada"), "not in order")
        except AssertionError as fault:
            raise AssertionError(f"an identity token of the mode {name}") from fault
        assert not browser.is_inside(site), name
        assert f'"{reason}"' in site.log.read_text()[before:], (name, site.log.read_text()[before:])
    mode(site, "rotated")
    browser, until = Browser(), time.time() + 15
    while "not in order" in browser.signs_in(site, "ada").text:
        assert time.time() < until, "a new key of the provider is found"
        browser = Browser()
        time.sleep(1)
    assert browser.is_inside(site)
    mode(site, "honest")


def strangers(site):
    for who, words in [
        ("zoe", ["no user zoe@example.com here", "adds users"]),
        ("dan", ["no user dan@example.com here"]),
        ("bob", ["verified"]),
        ("eve", ["verified"]),
        ("ada-again", ["ada@example.com", "another account"]),
    ]:
        browser = Browser()
        refused(browser.signs_in(site, who), *words)
        assert not browser.is_inside(site), who


def started(folder, sites):
    """The providers, which come after the servers that use them."""
    arguments = [word for site in sites for word in (site.issuer.rsplit(":")[-1], f"{site.url}/oauth/oidc/callback")]
    provider = subprocess.Popen([NODE, PROVIDER, *arguments, SECRET], stdout=subprocess.PIPE,
                                stderr=(folder / "provider").open("w"), text=True)
    assert provider.stdout.readline() == "ready\n", (folder / "provider").read_text()
    return provider


def comes_up(site):
    """A provider that was down is asked again after five seconds."""
    until = time.time() + 15
    while "cannot be reached" in Browser().open(f"{site.url}/oauth/oidc").text:
        assert time.time() < until, "the provider is not asked again"
        time.sleep(1)


def refusals_of_the_command(environment):
    """What `serve` does not start with: each with the words of the reason."""
    oidc = lambda issuer: ["--oidc-issuer", issuer, "--oidc-client-id", "sextant"]
    here = ["serve", "--http", "127.0.0.1:0"]
    for binary, arguments, words in [
        (PLAIN, [*here, *oidc("https://login.example.com")], "built without"),
        (BINARY, [*here, *oidc("http://login.example.com")], "neither https nor at a loopback address"),
        (BINARY, [*here, "--oidc-issuer", "https://login.example.com"], "--oidc-client-id"),
        (BINARY, [*here, "--auth", "none", *oidc("https://login.example.com")], "nobody signs in"),
        (BINARY, ["serve", "--stdio", *oidc("https://login.example.com")], "nobody signs in"),
    ]:
        said = subprocess.run([binary, *arguments], env=environment, text=True, capture_output=True, timeout=60)
        assert said.returncode and words in said.stderr, (arguments, said)


def recorded(sextant, users):
    """The audit log names who was let in and who was not, and is whole."""
    entries = json.loads(sextant("audit-log", "list", "--limit", "1000", "--format", "json"))["records"]
    names = {user["id"]: user["email"].split("@")[0] for user in users} | {"unknown": "unknown"}
    by_provider = {(names[entry["caller"]], entry["outcome"]) for entry in entries
                   if entry["operation"] == "sign_in_by_provider"}
    assert by_provider == {("ada", "answered"), ("kim", "answered"), ("ada", "unauthenticated"),
                           ("unknown", "unauthenticated")}, by_provider
    sextant("audit-log", "verify")


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        environment = os.environ | {"SEXTANT_STATE": str(folder / "state.db")}
        environment.pop("SEXTANT_OIDC_CLIENT_SECRET", None)
        sextant = lambda *arguments: subprocess.run(
            [BINARY, *arguments], env=environment, text=True, check=True, capture_output=True).stdout
        for name in ["ada", "bob", "dan", "kim"]:
            sextant("user", "create", f"{name}@example.com", "--scopes", "metrics:read,feedback:write,tokens:manage")
        sextant("user", "disable", "dan@example.com")
        refusals_of_the_command(environment)
        issuers = [f"http://localhost:{free_port()}" for _ in range(2)]
        running = []
        try:
            site = Site(folder, environment, free_port(), issuers[0], "sextant", SECRET)
            running.append(site.server)
            public = Site(folder, environment, free_port(), issuers[1], "sextant-public")
            running.append(public.server)
            begun = time.time()
            refused(Browser().at_provider(site), "cannot be reached", "Acme <SSO>")
            assert time.time() - begun < 5, "a provider that is down is told at once"
            provider = started(folder, [site, public])
            running.append(provider)
            token = signs_in(sextant, site, public)
            browser = Browser()
            back = browser.comes_back(site, "ada")
            provider.terminate()
            provider.wait()
            refused(browser.open(back), "cannot be reached")
            assert not browser.is_inside(site)
        finally:
            for process in running:
                process.terminate()
                process.wait()
        kept = (folder / "state.db").read_bytes() + b"".join(file.read_bytes() for file in folder.glob("state.db-*"))
        said = site.log.read_text() + public.log.read_text()
        for secret in [SECRET, token]:
            assert secret not in said and secret.encode() not in kept, "a secret is kept or logged"
        assert "panicked" not in said, said


def signs_in(sextant, site, public):
    comes_up(site)
    page = Browser().signs_in(site, "ada")
    assert page.status == 200 and page.url.endswith("/settings/developers") and "ada@example.com" in page.text, page.text
    token = for_an_application(site, Browser())
    assert "ada@example.com" in Browser().signs_in(public, "ada").text, "a public client, ES256, mail in the token"
    print("signed in for the Developers page and for an application, which called")
    forged_answers(site)
    cancelled(site)
    print("forged, replayed, foreign and cancelled answers: refused")
    strangers(site)
    sextant("user", "connect", "kim@example.com", "--issuer", site.issuer, "--subject", "kim")
    kim = Browser()
    assert "kim@example.com" in kim.signs_in(site, "kim").text, "connected by the operator"
    sextant("user", "disconnect", "kim@example.com")
    assert not kim.is_inside(site), "who is disconnected is signed out"
    refused(kim.at_provider(site), "verified")
    sextant("user", "connect", "kim@example.com", "--issuer", site.issuer, "--subject", "kim")
    assert "kim@example.com" in kim.at_provider(site).text, "connected again, and still signed in at the provider"
    users = json.loads(sextant("user", "list", "--format", "json"))["users"]
    accounts = {user["email"].split("@")[0]: [account["subject"] for account in user["accounts"]] for user in users}
    assert accounts == {"ada": ["ada", "ada"], "bob": [], "dan": [], "kim": ["kim"]}, accounts
    print("strangers: refused, and no user was made")
    hostile_tokens(site)
    print("identity tokens that do not hold: refused; a new key of the provider: found")
    recorded(sextant, users)
    return token


main()
